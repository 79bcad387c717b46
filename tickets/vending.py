"""Where Clear Tamper Tokens come from: a vending service, behind one function.

`settings.VENDING_SERVICE` names a class with the method of `VendingService`. Without one an operator types in
the token that the vending system of AP2T has issued. A token is bound to one meter number.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Protocol

import structlog
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid

DIGITS = 20
log = structlog.get_logger(__name__)


class VendingUnavailable(DomainError):
    """The vending service does not answer, or not with a token; nothing has been decided."""

    status = 503
    code = "vending_unavailable"
    headers = {"Retry-After": "30"}


class TokenRequired(Invalid):
    """No vending service is connected: type in the token that was issued elsewhere."""

    code = "token_required"


class VendingService(Protocol):
    """What the portal asks of a vending system."""

    name: str

    def issue_ctt(self, *, meter_number: str, reference: str, timeout: float) -> str:
        """A Clear Tamper Token of 20 digits for this meter; the same one for the same reference.

        Answers or raises (`TimeoutError`, any `OSError`) within `timeout` seconds, all attempts included.
        """


class SimulatedVendingService:
    """Not a vending system: makes digits up. No meter takes them. For demos and tests only."""

    name = "simulator"

    def issue_ctt(self, *, meter_number: str, reference: str, timeout: float) -> str:
        message = f"{meter_number}:{reference}".encode()
        digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
        return str(int.from_bytes(digest, "big"))[-DIGITS:].zfill(DIGITS)


@lru_cache(maxsize=4)
def _service(path: str) -> VendingService:
    service: VendingService = import_string(path)()
    return service


def issue_ctt(*, meter_number: str, reference: str) -> tuple[str, str]:
    """A token and the name of the service that issued it. Call it outside of a transaction.

    Raises:
        TokenRequired: no service is connected.
        VendingUnavailable: it does not answer.
    """
    if not settings.VENDING_SERVICE:
        raise TokenRequired(_("Type in the token that was issued."), field="token")
    service = _service(settings.VENDING_SERVICE)
    try:
        token = service.issue_ctt(
            meter_number=meter_number, reference=reference, timeout=settings.VENDING_TIMEOUT
        )
    except Exception as error:  # an adapter may fail in any way; the operator is told, and tries again
        log.error("vending_failed", service=service.name, reference=reference, kind=type(error).__name__)
        raise _unavailable() from error
    if len(token) != DIGITS or not (token.isascii() and token.isdigit()):
        log.error("vending_failed", service=service.name, reference=reference, kind="NoToken")
        raise _unavailable()
    return token, service.name


def _unavailable() -> VendingUnavailable:
    return VendingUnavailable(_("The vending service does not answer. Nothing was decided."))
