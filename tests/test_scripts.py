"""The scripts keep their promises: what they start, they end; what they count, they count right."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# --- supervise.py ---------------------------------------------------------------------------------

SUPERVISE = """
import sys
sys.path.insert(0, {script!r})
import supervise
supervisor = supervise.Supervisor(grace=0.5)
for name, code in {children!r}.items():
    supervisor.start(name, [sys.executable, "-c", code])
print("started", flush=True)
supervisor.watch()
supervisor.stop()
sys.exit(0 if supervisor.signals else 1)
"""
SLEEP = "import time; time.sleep(60)"
SOON = 3  # seconds
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); " + SLEEP
# Ends at once when asked, but leaves a child of its own behind.
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); " + SLEEP


class Supervised:
    """A supervisor in a process of its own, watched from outside."""

    def __init__(self, children: dict[str, str]) -> None:
        self.tag = f"PORTAL_TEST_TAG={time.monotonic_ns()}"
        code = SUPERVISE.format(script=str(ROOT / "script"), children=children)
        name, value = self.tag.split("=")
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {name: value}
        )

    def read_until(self, word: str) -> None:
        while word not in (line := self.process.stdout.readline()):
            assert line, f"ended before it said {word!r}"

    def finish(self) -> tuple[int, str, float]:
        """Status, remaining output and the seconds it took."""
        began = time.monotonic()
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output, time.monotonic() - began

    def left_over(self) -> list[int]:
        """Processes that still carry this test's environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.tag.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def wait_for_processes(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.left_over()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.05)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_children_and_grandchildren(signum):
    supervised = Supervised({"one": SLEEP, "two": PARENT})
    supervised.wait_for_processes(4)

    supervised.process.send_signal(signum)
    status, _, seconds = supervised.finish()

    assert status == 0
    assert seconds < SOON
    assert supervised.left_over() == []


@linux
def test_a_child_that_ignores_the_signal_is_killed():
    supervised = Supervised({"one": STUBBORN})
    supervised.read_until("deaf")

    supervised.process.send_signal(signal.SIGTERM)
    status, _, seconds = supervised.finish()

    assert status == 0
    assert 0.4 < seconds < SOON
    assert supervised.left_over() == []


@linux
def test_a_dead_child_is_reported_and_takes_the_rest_along():
    supervised = Supervised({"worker": "import sys; sys.exit(3)", "two": SLEEP})

    status, output, _ = supervised.finish()

    assert status == 1
    assert "The worker ended unexpectedly with status 3" in output
    assert supervised.left_over() == []


@linux
def test_children_end_when_the_supervisor_is_killed_outright():
    supervised = Supervised({"one": SLEEP})
    supervised.read_until("started")

    supervised.process.kill()
    supervised.finish()

    deadline = time.monotonic() + 30
    while supervised.left_over():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_taken_port_is_refused():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = subprocess.run(
            [sys.executable, ROOT / "script" / "supervise.py", "--check-port"],
            env=os.environ | {"PORT": port},
            capture_output=True,
            text=True,
        )

    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr


# --- requirements_plugin.py -----------------------------------------------------------------------


@pytest.fixture
def run_marked(tmp_path):
    """Run a small test file with the plugin; return the process and the table printed from its report."""

    def run(source: str) -> tuple[subprocess.CompletedProcess[str], str]:
        (tmp_path / "test_marked.py").write_text("import pytest\n" + source)
        report = tmp_path / "var" / "report.json"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO_"))}
        environment["PYTHONPATH"] = str(ROOT)
        plugins = ["-p", "no:django", "-p", "no:cacheprovider", "-p", "tests.requirements_plugin"]
        tests = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--rootdir={tmp_path}", "-c", "/dev/null", *plugins),
                *(f"--requirements-report={report}", str(tmp_path)),
            ],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        if not report.exists() or not json.loads(report.read_text()):
            return tests, ""
        table = subprocess.run(
            [sys.executable, "-m", "tests.requirements_plugin", str(report)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        return tests, table.stdout

    return run


def test_only_requirements_with_passing_tests_count_as_proved(run_marked):
    tests, table = run_marked(
        """
@pytest.mark.requirement("R-002-3", "R-002-7")
def test_passes(): pass

@pytest.mark.requirement("R-002-7")
def test_fails(): assert False

@pytest.mark.requirement("R-002-9")
class TestClass:
    @pytest.mark.requirement("R-000-15")
    def test_inherits(self): pass

@pytest.mark.requirement("R-004-5")
def test_skips(): pytest.skip("not here")
"""
    )

    verdicts = {line.split()[0]: line.split()[1] for line in table.splitlines() if line.startswith("R-")}
    assert tests.returncode == 1
    assert (verdicts["R-002-3"], verdicts["R-002-9"], verdicts["R-000-15"]) == ("proved",) * 3
    assert (verdicts["R-002-7"], verdicts["R-004-5"]) == ("FAILED", "skipped")
    assert "1 of the proved rest on editable data" in table
    assert table.splitlines()[-1] == "3 of 213 requirements proved"


def test_an_unknown_requirement_stops_the_collection(run_marked):
    tests, table = run_marked('@pytest.mark.requirement("R-009-1")\ndef test_it(): pass\n')

    assert tests.returncode != 0
    assert "test_it: unknown requirement 'R-009-1'" in tests.stdout + tests.stderr
    assert table == ""


# --- pyproject.toml -------------------------------------------------------------------------------


def test_import_contracts_and_coverage_know_every_app():
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert apps <= set(tools["importlinter"]["root_packages"])
    assert apps <= set(tools["coverage"]["run"]["source"])
