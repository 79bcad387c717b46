"""The page where people switch the second step of the log-in on and off for their own account."""

from __future__ import annotations

from base64 import b32encode, b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import django_otp
import qrcode
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from pln_portal.login import CodeForm, accepting_device
from units.models import User

RECOVERY_CODES = 10


class MemberRequest(HttpRequest):
    """A request behind `login_required`."""

    user: User


@login_required
@require_http_methods(["GET", "POST"])
def second_step(request: MemberRequest) -> HttpResponse:
    """Begin, confirm, renew the recovery codes, or remove. All but the beginning needs a valid code."""
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        return _page(request, CodeForm())
    if action is _begin:
        return _begin(request)
    form = CodeForm(request.POST)
    return action(request, form) if form.is_valid() else _page(request, form)


def _begin(request: MemberRequest) -> HttpResponse:
    """Make a new key; it counts only once a code proved that the phone has it."""
    if not _device(request.user):
        TOTPDevice.objects.create(user=request.user, name="app", confirmed=False)
    return redirect("mfa")


def _confirm(request: MemberRequest, form: CodeForm) -> HttpResponse:
    device = _device(request.user)
    if device is None or device.confirmed or not device.verify_token(form.cleaned_data["code"]):
        form.refuse()
        return _page(request, form)
    with transaction.atomic():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = _new_recovery_codes(request.user)
    django_otp.login(request, device)
    return _page(request, CodeForm(), recovery_codes=codes)


def _renew(request: MemberRequest, form: CodeForm) -> HttpResponse:
    if accepting_device(request.user, form.cleaned_data["code"]) is None:
        form.refuse()
        return _page(request, form)
    return _page(request, CodeForm(), recovery_codes=_new_recovery_codes(request.user))


def _remove(request: MemberRequest, form: CodeForm) -> HttpResponse:
    if accepting_device(request.user, form.cleaned_data["code"]) is None:
        form.refuse()
        return _page(request, form)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=request.user).delete()
        StaticDevice.objects.filter(user=request.user).delete()
    messages.success(request, _("Two-step login is switched off."))
    return redirect("mfa")


ACTIONS: dict[str, Callable[..., HttpResponse]] = {
    "begin": _begin,
    "confirm": _confirm,
    "renew": _renew,
    "remove": _remove,
}


def _page(request: MemberRequest, form: CodeForm, recovery_codes: list[str] | None = None) -> HttpResponse:
    device = _device(request.user)
    context: dict[str, Any] = {"form": form, "device": device, "recovery_codes": recovery_codes}
    if device and device.confirmed:
        context["codes_left"] = StaticToken.objects.filter(device__user=request.user).count()
    elif device:
        context |= {"qr_code": _qr_code(device.config_url), "secret": b32encode(device.bin_key).decode()}
    return render(request, "registration/mfa.html", context)


def _device(user: User) -> TOTPDevice | None:
    """The account's authenticator app, the confirmed one first."""
    return TOTPDevice.objects.filter(user=user).order_by("-confirmed", "-pk").first()


def _new_recovery_codes(user: User) -> list[str]:
    """Ten codes that work once each; the older ones end."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery", confirmed=True)
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def _qr_code(text: str) -> str:
    """A picture of `text` as a data address; drawn here, so that the key never leaves the portal."""
    drawing = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, box_size=10, border=2).save(drawing)
    return f"data:image/svg+xml;base64,{b64encode(drawing.getvalue()).decode()}"
