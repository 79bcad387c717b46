"""Which requirement is proved by which test: a pytest plugin, and the table `script/requirements` prints.

    @pytest.mark.requirement("R-002-3", "R-002-7")

A requirement is proved when at least one of its tests passed and none failed. A mark that names an unknown
requirement stops the collection.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).with_name("requirements.csv")
PROPERTY = "requirement"


def read_catalogue() -> dict[str, dict[str, str]]:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


# --- pytest ---------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements-report", metavar="FILE", help="write each test's requirements and outcome"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): the requirements this test proves")
    path = config.getoption("--requirements-report")
    if path and not hasattr(config, "workerinput"):  # with xdist only the controller writes
        config.pluginmanager.register(Report(Path(path)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before `-m` deselects anything, so that a wrong ID cannot hide."""
    known = read_catalogue()
    wrong = []
    for item in items:
        marks = list(item.iter_markers("requirement"))
        named = {requirement for mark in marks for requirement in mark.args}
        if any(mark.kwargs or not mark.args for mark in marks):
            wrong.append(f"{item.nodeid}: requirement() takes one or more IDs")
        wrong += [f"{item.nodeid}: unknown requirement {name!r}" for name in named if name not in known]
        item.user_properties += [(PROPERTY, name) for name in sorted(named & known.keys())]
    if wrong:
        raise pytest.UsageError("\n".join(sorted(wrong)))


class Report:
    """Collects the outcome of each marked test. The worst of set-up, call and clean-up counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tests: dict[str, dict[str, object]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        requirements = [value for name, value in report.user_properties if name == PROPERTY]
        if not requirements:
            return
        test = self.tests.setdefault(report.nodeid, {"requirements": requirements, "outcome": "unfinished"})
        if report.outcome != "passed":
            if test["outcome"] != "failed":
                test["outcome"] = report.outcome
        elif report.when == "call":
            test["outcome"] = "passed"

    def pytest_sessionfinish(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.tests, indent=1))


# --- The table ------------------------------------------------------------------------------------


def verdict(outcomes: Iterable[str]) -> str:
    count = Counter(outcomes)
    if not count:
        return "no test"
    if count["failed"] or count["unfinished"]:
        return "FAILED"
    return "proved" if count["passed"] else "skipped"


def print_table(tests: dict[str, dict[str, object]]) -> int:
    """Print every requirement with its tests; the number of failed requirements."""
    catalogue = read_catalogue()
    proved = Counter[str]()
    print(f"{'requirement':<12} {'verdict':<8} {'picture':<8} what, and the tests that show it")
    for name, row in catalogue.items():
        found = {node: test["outcome"] for node, test in tests.items() if name in test["requirements"]}
        result = verdict(found.values())
        lost = "lost" if row["capture_lost"] else ""
        proved.update([result, f"{result} {lost}"])
        print(f"{name:<12} {result:<8} {lost:<8} {row['summary']}")
        for node, outcome in sorted(found.items()):
            print(f"{'':<30} {outcome:<8} {node}")
    print(
        f"\n{proved['FAILED']} failed, {proved['skipped']} only skipped, {proved['no test']} without a test."
    )
    print(f"{proved['proved lost']} of the proved rest on editable data, since the SOP's picture is lost.")
    print(f"{proved['proved']} of {len(catalogue)} requirements proved")
    return proved["FAILED"]


if __name__ == "__main__":
    sys.exit(1 if print_table(json.loads(Path(sys.argv[1]).read_text())) else 0)
