"""Shell pages of tickets: report, search, one ticket, the command centre, the board of the posko."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from console.views import page_for
from tickets.models import (
    PowerState,
    ProblemType,
    ReadingCode,
    SelfDiagnosis,
    Status,
    Tab,
    Ticket,
    WorkOrderType,
)
from units.models import Area, AreaLevel, User
from units.powers import Power

# What the page of a ticket offers to do, and who is offered it.
DEEDS = {
    "speak": Power.SPEAK_FOR_REPORTER,
    "repeat": Power.CREATE_TICKETS,
    "handle": Power.HANDLE_TICKETS,
    "submit": Power.SUBMIT_DIAGNOSIS,
    "reveal": Power.REVEAL_CUSTOMERS,
}


@page_for(Power.SEE_TICKETS)
def search(request: HttpRequest) -> HttpResponse:
    """Tickets by number, IDPEL, meter or phone; the answer comes from the API."""
    return render(request, "console/tickets/search.html")


@page_for(Power.CREATE_TICKETS)
def report(request: HttpRequest) -> HttpResponse:
    """The form of both tabs."""
    types = ProblemType.objects.in_force(timezone.localdate())
    choices = {
        "tabs": [(tab, [it for it in types if it.tab == tab]) for tab in Tab],
        "wo_types": WorkOrderType.choices,
        "power_states": PowerState.choices,
        "provinces": {"results": list(Area.objects.filter(level=AreaLevel.PROVINSI))},
    }
    return render(request, "console/tickets/report.html", choices)


@page_for(Power.SEE_TICKETS)
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """One ticket with its timeline, and what the reader may do with it."""
    user = cast(User, request.user)
    found = get_object_or_404(Ticket.objects.visible_to(user), number=number)
    context: dict[str, Any] = {"ticket": found, "statuses": Status.choices}
    context["may"] = {name: user.may(power) for name, power in DEEDS.items()}
    context["diagnosed"] = SelfDiagnosis.objects.filter(ticket=found).exists()
    if context["may"]["submit"] and not context["diagnosed"] and found.wo_type == WorkOrderType.KWH_PERIKSA:
        context["codes"] = ReadingCode.objects.all()
    return render(request, "console/tickets/ticket.html", context)


@page_for(Power.DECIDE_DIAGNOSIS)
def command_centre(request: HttpRequest) -> HttpResponse:
    """The self-diagnoses that wait for a decision, and one of them at a time."""
    return render(request, "console/tickets/vcc.html")


@page_for(Power.DISPATCH_ORDERS)
def board(request: HttpRequest) -> HttpResponse:
    """The open work orders of the reader's poskos, by where they stand."""
    works = cast(User, request.user).may(Power.WORK_ORDERS)
    return render(request, "console/tickets/board.html", {"works": works})
