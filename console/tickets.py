"""Shell pages of tickets: report, search, one ticket, the command centre, the board of the posko."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from console.views import page_for, units_by_parent
from tickets.models import (
    DiagnosisStatus,
    PowerState,
    ProblemType,
    ReadingCode,
    SelfDiagnosis,
    Status,
    Tab,
    Ticket,
    WorkOrderType,
)
from tickets.models.ticket import TicketQuerySet
from tickets.services.contact import masked_contact
from units.models import Area, AreaLevel, User
from units.powers import Power

# What the page of a ticket offers to do, and who is offered it.
DEEDS = {
    "speak": Power.SPEAK_FOR_REPORTER,
    "edit": Power.EDIT_TICKETS,
    "merge": Power.MERGE_TICKETS,
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
        "units": units_by_parent(),
    }
    return render(request, "console/tickets/report.html", choices)


@page_for(Power.SEE_TICKETS)
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """One ticket with its timeline, and what the reader may do with it."""
    user, found = cast(User, request.user), _seen(request, number)
    context: dict[str, Any] = {"ticket": found, "statuses": Status.choices}
    context["may"] = {name: user.may(power) for name, power in DEEDS.items()}
    context["diagnosed"] = SelfDiagnosis.objects.filter(ticket=found).exists()
    if context["may"]["submit"] and not context["diagnosed"] and found.wo_type == WorkOrderType.KWH_PERIKSA:
        context["nine"] = _nine({})
    return render(request, "console/tickets/ticket.html", context)


@page_for(Power.EDIT_TICKETS)
def correction(request: HttpRequest, number: str) -> HttpResponse:
    """The form that corrects a report, with what it says now; people and addresses stay masked."""
    rows = Ticket.objects.select_related("unit", "posko")
    found = _seen(request, number, rows)
    context = {
        "ticket": found,
        "contact": masked_contact(found),
        "power_states": PowerState.choices,
        "units": units_by_parent(),
    }
    return render(request, "console/tickets/correction.html", context)


@page_for(Power.SUBMIT_DIAGNOSIS)
def readings(request: HttpRequest, number: str) -> HttpResponse:
    """The nine readings as they were handed in, to be corrected until the command centre decides."""
    found = _seen(request, number)
    waiting = SelfDiagnosis.objects.filter(ticket=found, status=DiagnosisStatus.SUBMITTED)
    case = waiting.first()
    context = {"ticket": found, "case": case, "nine": _nine(case.readings) if case else []}
    return render(request, "console/tickets/readings_again.html", context)


def _seen(request: HttpRequest, number: str, rows: TicketQuerySet | None = None) -> Ticket:
    seen = (Ticket.objects.all() if rows is None else rows).visible_to(cast(User, request.user))
    return get_object_or_404(seen, number=number)


def _nine(values: dict[str, Any]) -> list[tuple[ReadingCode, Any]]:
    """The codes in the order of asking, each with its reading."""
    return [(code, values.get(code.pk)) for code in ReadingCode.objects.all()]


@page_for(Power.DECIDE_DIAGNOSIS)
def command_centre(request: HttpRequest) -> HttpResponse:
    """The self-diagnoses that wait for a decision, and one of them at a time."""
    return render(request, "console/tickets/vcc.html")


@page_for(Power.DISPATCH_ORDERS)
def board(request: HttpRequest) -> HttpResponse:
    """The open work orders of the reader's poskos, by where they stand."""
    user = cast(User, request.user)
    may = {"works": user.may(Power.WORK_ORDERS), "handles": user.may(Power.HANDLE_TICKETS)}
    return render(request, "console/tickets/board.html", may)
