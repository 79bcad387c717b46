"""Shell pages: the frame around what the API's endpoints render."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from console.navigation import entries_for
from customers.models import Phase, PowerStep, Product, Tariff
from tickets.services.routing import units_to_choose
from units.models import Area, AreaLevel, Unit
from units.powers import Power

# As the matrix of the SOP writes them (R-002-8).
CURRENT_SERVICES = [
    (phase.value, product.value, f"{phase.value} Ph – {product.label}")
    for phase in Phase
    for product in Product
]

Page = Callable[..., HttpResponse]


def page_for(power: Power) -> Callable[[Page], Page]:
    """Let in who holds `power` in some position in force; everybody else gets the page that says no."""

    def decorate(page: Page) -> Page:
        @login_required
        @wraps(page)
        def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not request.user.may(power):  # type: ignore[union-attr]
                raise PermissionDenied
            return page(request, **kwargs)

        return wrapper

    return decorate


def units_by_parent() -> list[tuple[str, list[Unit]]]:
    """The units that may be chosen by hand today, under the unit that each belongs to."""
    rows = units_to_choose(timezone.localdate())
    ordered = rows.select_related("parent").order_by("parent__name", "name")
    return [(str(parent), list(found)) for parent, found in groupby(ordered, key=lambda it: it.parent)]


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the check for those who answer callers; a choice of pages for everybody else."""
    entries = entries_for(request.user)  # type: ignore[arg-type]
    if entries and entries[0].page == "console:check":
        return redirect(entries[0].url)
    return render(request, "console/home.html", {"entries": entries})


@page_for(Power.CHECK_ALLOCATION)
def check(request: HttpRequest) -> HttpResponse:
    """The form of "may this meter be promised?", in the order of the SOP; the answer comes from the API."""
    choices = {
        "provinces": {"results": list(Area.objects.filter(level=AreaLevel.PROVINSI))},
        "power_steps": _power_steps(),
        "tariffs": Tariff.objects.in_force(timezone.localdate()),
        "current_services": CURRENT_SERVICES,
    }
    return render(request, "console/check.html", choices)


def _power_steps() -> list[dict[str, Any]]:
    """The standard powers (VA) of each phase."""
    steps: dict[int, list[int]] = {phase: [] for phase in Phase.values}
    for va, phase in PowerStep.objects.values_list("va", "phase"):
        steps[phase].append(va)
    return [{"label": phase.label, "steps": steps[phase]} for phase in Phase]
