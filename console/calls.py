"""The call desk: a shell around what the API's calls render."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from allocation.models import Channel
from console.views import page_for
from customers.models import PowerStep, Tariff
from programs.models import Program
from sop.models import Call, CallStatus
from units.models import Area, AreaLevel, Unit, User
from units.powers import Power

OPEN_CALLS_SHOWN = 5


@page_for(Power.RUN_CALLS)
def desk(request: HttpRequest) -> HttpResponse:
    """The frame of a call; which call it shows stands behind the `#` of the address."""
    user: User = request.user  # type: ignore[assignment]
    return render(
        request,
        "console/calls/desk.html",
        _choices() | {"running": _running(user), "programs": _programs(user)},
    )


def _choices() -> dict[str, Any]:
    """What the fields of steps are chosen from."""
    today = timezone.localdate()
    return {
        "channels": Channel,
        "provinces": {"results": list(Area.objects.filter(level=AreaLevel.PROVINSI))},
        "power_steps": PowerStep.objects.order_by("va").values_list("va", flat=True),
        "tariffs": Tariff.objects.in_force(today),
        "units": Unit.objects.in_force(today).order_by("name"),
    }


def _running(user: User) -> list[Call]:
    """One's own calls that were neither finished nor broken off, the newest first."""
    calls = Call.objects.filter(agent=user, status=CallStatus.OPEN).select_related("procedure")
    return list(calls.order_by("-opened_at")[:OPEN_CALLS_SHOWN])


def _programs(user: User) -> list[Program]:
    """The programs that a caller may ask about, the latest first; also those that have ended."""
    if not user.may(Power.SEE_PROGRAMS):
        return []
    return list(Program.objects.visible_to(user).order_by("-period_start", "name"))
