"""What must hold for the whole tree: arrows, sight, powers, sizes. A new app is held to it when installed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.db.models.signals import ModelSignal, m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.urls import URLPattern, URLResolver

from common.admin import ScopedAdmin
from common.permissions import LoggedIn
from common.views import ScopedViewSet
from pln_portal import api
from units.powers import POWERS, Power, Role

ROOT = Path(settings.BASE_DIR)
# The arrows of the house, lowest first; apps in one tuple do not know each other.
ORDER = (
    ("common",),
    ("units",),
    ("customers",),
    ("allocation", "programs"),
    ("tickets",),
    ("sop",),
    ("console",),
    ("pln_portal",),
)
LEVEL = {app: level for level, group in enumerate(ORDER) for app in group}
MAX_FILE, MAX_FUNCTION = 400, 50
ACTIONS = ("list", "retrieve", "create", "update", "partial_update", "destroy")

# Models that nobody browses by unit, and why.
WITHOUT_SIGHT = {
    "common.IdempotencyKey": "technical; read by its own caller only",
    "common.Job": "technical; superusers only",
    "common.ReferenceLoad": "technical; no page shows it",
    "units.UnitAlias": "shown with its unit",
    "customers.Tariff": "reference data, the same for all",
    "customers.PowerStep": "reference data, the same for all",
    "customers.Kogol": "reference data, the same for all",
    "customers.Meter": "shown with its customer",
    "customers.PhoneNumber": "shown with its customer",
    "tickets.Calendar": "reference data, the same for all",
    "tickets.CalendarInterval": "reference data, the same for all",
    "tickets.Holiday": "reference data, the same for all",
    "tickets.ServicePolicy": "reference data, the same for all",
    "tickets.EscalationStep": "reference data, the same for all",
    "tickets.DispatchRule": "reference data, the same for all",
    "tickets.IncidentRule": "reference data, the same for all",
    "tickets.DiagnosisCoverage": "reference data, the same for all",
    "tickets.ReadingCode": "reference data, the same for all insiders",
    "tickets.CodeMeaning": "reference data, the same for all insiders",
    "tickets.SuggestionRule": "reference data, the same for all insiders",
    "tickets.ClockSegment": "shown with its ticket",
    "tickets.TicketMerge": "shown with its ticket",
    "tickets.TicketRepeat": "shown with its ticket",
    "tickets.TicketSerial": "technical; no page shows it",
    "tickets.WorkOrderEvent": "shown with its order",
    "tickets.IncidentEvent": "shown with its outage",
    "tickets.TokenDelivery": "shown with its token",
    "tickets.WebhookEndpoint": "of a channel, no unit's; the back office maintains every one",
    "tickets.WebhookDelivery": "of a channel, no unit's; the back office maintains every one",
    "programs.Payment": "shown as the standing of its customer",
    "programs.PaymentDay": "counts, shown with their program",
    "programs.Entry": "shown as the standing of its customer, and as winners",
    "programs.EntryCount": "counts, shown per UP3 in sight",
    "programs.Seed": "shown with its program",
    "programs.Draw": "shown with its program",
}
WITHOUT_POWERS = {"common.Job": "technical; superusers only"}


def our_models() -> Iterator[type[Model]]:
    for model in apps.get_models():
        if model._meta.app_label in LEVEL and not model.__name__.startswith("Historical"):
            yield model


def python_files() -> Iterator[Path]:
    for app in LEVEL:
        for path in sorted((ROOT / app).rglob("*.py")) if (ROOT / app).is_dir() else ():
            if "migrations" not in path.parts:
                yield path


def views() -> Iterator[tuple[str, type]]:
    def walk(patterns: list) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern

    for pattern in walk(api.urlpatterns):
        if hasattr(pattern.callback, "cls"):
            yield pattern.name, pattern.callback.cls


def test_every_app_has_its_place() -> None:
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}

    assert ours <= set(LEVEL)


def test_no_foreign_key_points_up_or_sideways() -> None:
    against = [
        f"{model._meta.label}.{field.name} -> {target._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.concrete and (target := field.related_model) not in (None, settings.AUTH_USER_MODEL)
        if target._meta.app_label in LEVEL and target._meta.label != settings.AUTH_USER_MODEL
        if target._meta.app_label != model._meta.app_label
        and LEVEL[target._meta.app_label] >= LEVEL[model._meta.app_label]
    ]

    assert against == []


def test_the_import_contracts_hold() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


def test_every_model_has_sight_or_a_reason_to_need_none() -> None:
    blind = {
        model._meta.label for model in our_models() if not hasattr(model._default_manager.all(), "visible_to")
    }

    assert blind == {label for label in WITHOUT_SIGHT if apps.is_installed(label.split(".")[0])}


def test_every_admin_page_of_ours_names_its_powers() -> None:
    ours = [page for model, page in admin.site._registry.items() if model._meta.app_label in LEVEL]
    careless = {
        page.opts.label
        for page in ours
        if not isinstance(page, ScopedAdmin) or not {page.see, page.change} & set(Power.values)
    }

    assert careless == set(WITHOUT_POWERS)


def test_every_view_of_the_api_says_who_may() -> None:
    open_views = []
    for name, view in views():
        if not issubclass(view, ScopedViewSet):
            if list(view.permission_classes) != [LoggedIn]:
                open_views.append(name)
            continue
        offered = {action for action in ACTIONS if hasattr(view, action)}
        offered |= {action.__name__ for action in view.get_extra_actions()}
        if offered - set(view.powers) or not set(view.powers.values()) <= set(Power):
            open_views.append(name)

    assert open_views == []


def test_every_role_and_every_power_is_used() -> None:
    assert set(POWERS) == set(Role)
    assert {power for powers in POWERS.values() for power in powers} == set(Power)


def test_no_app_of_ours_listens_to_model_signals() -> None:
    signals: list[ModelSignal] = [pre_save, post_save, pre_delete, post_delete, m2m_changed]
    receivers = [
        reference()
        if callable(reference) and type(reference).__name__ in ("weakref", "WeakMethod")
        else reference
        for signal in signals
        for (_, reference, *_rest) in signal.receivers
    ]
    ours = [r for r in receivers if getattr(r, "__module__", "").split(".")[0] in LEVEL]

    assert ours == []


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if path != ROOT / "pln_portal" / "settings.py"  # one file, with every value a reader may look for
        if (lines := len(path.read_text().splitlines())) > MAX_FILE
    }

    assert long == {}


def test_functions_stay_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": length
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    }

    assert long == {}


def test_imports_stand_at_the_top() -> None:
    """No import inside a function to break a circle."""
    inside = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_nothing_is_left_for_later(word: str) -> None:
    kinds = {".py", ".html", ".js", ".css", ".md", ".toml", ".sh", ".yaml"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    marked = [
        name
        for name in listed.stdout.splitlines()
        if Path(name).suffix in kinds and (ROOT / name).exists()
        if re.search(rf"\b{word}\b", (ROOT / name).read_text())
    ]

    assert marked == []


def test_every_setting_of_the_environment_is_described() -> None:
    source = (ROOT / "pln_portal" / "settings.py").read_text()
    read = set(re.findall(r"""(?:env\.\w+|_secret)\(\s*["']([A-Z_]+)["']""", source)) - {
        "TEST_DATABASE_SUFFIX"
    }
    described = (ROOT / "docs" / "deploy.md").read_text()

    assert len(read) > 20
    assert [name for name in sorted(read) if f"`{name}`" not in described] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_the_locks_hold_what_is_declared_and_nothing_that_no_longer_is(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = list(project["project"]["dependencies"])
    if lock == "requirements-dev.txt":
        declared += project["dependency-groups"]["dev"]
    entries = re.findall(
        r"^(\S+==[^ ;]+).*?\n((?:    .*\n)*)", (ROOT / lock).read_text() + "\n", re.MULTILINE
    )
    ours = {name for name, about in entries if "pyproject.toml" in about}

    assert ours == {re.sub(r"\[.*?\]", "", name) for name in declared}


def test_rooms_that_this_house_does_not_have() -> None:
    rooms = {"utils.py", "helpers.py", "signals.py", "managers.py", "core"}

    assert [str(path) for path in python_files() if rooms & set(path.parts)] == []
