"""SOPs to read: what is in force where, one version with what changed, and "I have read it"."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from console.views import page_for, units_by_parent
from sop.models import SopVersion, VersionStatus
from units.models import User
from units.powers import Power


@page_for(Power.SEE_SOP)
def shelf(request: HttpRequest) -> HttpResponse:
    """Every SOP with the version that rules on a day at a unit; the list comes from the API."""
    choices = {"units": units_by_parent(), "today": timezone.localdate()}
    return render(request, "console/sop/shelf.html", choices)


@page_for(Power.SEE_SOP)
def version(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """One version whole, beside the others of its document."""
    user = cast(User, request.user)
    rows = SopVersion.objects.visible_to(user).select_related("document")
    found = get_object_or_404(rows, document__slug=slug, number=number)
    supervises = user.may(Power.SEE_CALLS) and user.is_staff and found.status == VersionStatus.PUBLISHED
    readers = reverse("admin:sop_sopversion_readers", args=[found.pk]) if supervises else ""
    return render(request, "console/sop/version.html", {"version": found, "readers": readers})
