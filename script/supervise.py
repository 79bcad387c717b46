"""Run the portal's processes together and end them together. Standard library only.

The first process to die takes the others with it: a portal without its worker would only look alive.
"""

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HOST = "127.0.0.1"
GRACE = 10.0  # seconds from SIGTERM to SIGKILL
READY_WITHIN = 60.0
POLL = 0.1
PR_SET_PDEATHSIG = 1


def say(text: str) -> None:
    print(text, flush=True)


class Supervisor:
    """Each process leads a session of its own, so that Ctrl-C reaches it only through `stop`."""

    def __init__(self, grace: float = GRACE) -> None:
        self.grace = grace
        self.signals = 0
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signum == signal.SIGHUP and signal.getsignal(signum) == signal.SIG_IGN:
                continue  # started with nohup
            signal.signal(signum, self._count)

    def _count(self, *_: object) -> None:
        self.signals += 1

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent()
        )
        self.running[name] = process
        return process

    def run(self, name: str, command: list[str]) -> bool:
        """Run a command to its end; False when it failed or the user wants to stop."""
        process = self.start(name, command)
        while process.poll() is None and not self.signals:
            time.sleep(POLL)
        if self.signals:
            return False
        del self.running[name]
        if process.returncode:
            say(f"{name} failed with status {process.returncode}.")
        return process.returncode == 0

    def died(self) -> bool:
        """Say which processes have ended by themselves."""
        dead = {name: process.poll() for name, process in self.running.items()}
        for name, status in dead.items():
            if status is not None:
                say(f"The {name} ended unexpectedly with status {status}; stopping the rest.")
        return any(status is not None for status in dead.values())

    def wait_until(self, ready: "ReadyCheck", within: float = READY_WITHIN) -> bool:
        deadline = time.monotonic() + within
        while not ready():
            if self.signals or self.died():
                return False
            if time.monotonic() > deadline:
                say(f"The portal gave no answer within {within:.0f} seconds; stopping.")
                return False
            time.sleep(POLL)
        return True

    def watch(self) -> None:
        """Return when a signal came or a process died."""
        while not self.signals and not self.died():
            time.sleep(POLL)

    def stop(self) -> None:
        """Ask every process to end, then kill what is left of its session. A second signal kills at once."""
        seen = self.signals
        deadline = time.monotonic() + self.grace
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        while any(process.poll() is None for process in self.running.values()):
            if time.monotonic() > deadline or self.signals > seen:
                break
            time.sleep(POLL)
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class ReadyCheck:
    """True when the web server answers anything at all."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/health/live")
            return bool(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _end_with_parent():  # type: ignore[no-untyped-def]
    """On Linux the children end even when the supervisor is killed outright."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def chosen_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SystemExit(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    return int(text)


def check_port(port: int) -> None:
    """Refuse a port that is in use: the web server itself would share it without a word."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise SystemExit(
                f"Port {port} is taken by another program; choose another one: PORT=8001 script/server"
            )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(f"Port {port} cannot be used: {error.strerror}.") from error


def wants_demo() -> bool:
    production = os.environ.get("PORTAL_ENV") == "production"
    return os.environ.get("DEMO", "0" if production else "1") != "0"


def run_portal(supervisor: Supervisor, port: int) -> bool:
    """True when the user ended it, False when something broke."""
    python, demo = sys.executable, wants_demo()
    if supervisor.run("set-up", [python, "manage.py", "prepare", *([] if demo else ["--no-demo"])]):
        supervisor.start(
            "web server",
            [
                *(python, "-m", "granian", "--interface", "wsgi", "pln_portal.wsgi:application"),
                *("--host", HOST, "--port", str(port), "--workers", "2", "--blocking-threads", "2"),
                *("--respawn-failed-workers", "--workers-kill-timeout", "8s", "--log-level", "warning"),
            ],
        )
        if supervisor.wait_until(ReadyCheck(port)):
            say(f"\nPLN Portal is ready: http://{HOST}:{port}/  (Ctrl-C ends it)\n")
            os.environ.setdefault("LOG_LEVEL", "WARNING")  # the sweep runs every two seconds
            celery = [python, "-m", "celery", "-q", "-A", "pln_portal"]
            supervisor.start(
                "worker",
                [*celery, "worker", "-l", "WARNING", "-c", "2", "--without-mingle", "--without-gossip"],
            )
            supervisor.start("scheduler", [*celery, "beat", "-l", "WARNING", "--pidfile="])
            supervisor.watch()
    return supervisor.signals > 0


def main() -> int:
    os.chdir(Path(__file__).resolve().parent.parent)
    port = chosen_port()
    check_port(port)
    if "--check-port" in sys.argv:
        return 0
    supervisor = Supervisor()
    try:
        ended_by_user = run_portal(supervisor, port)
    finally:
        supervisor.stop()
    say("PLN Portal has stopped.")
    return 0 if ended_by_user else 1


if __name__ == "__main__":
    sys.exit(main())
