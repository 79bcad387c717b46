"""How a caller can be reached, in the words that go to the unit (R-003-76 to 80, R-003-92)."""

from __future__ import annotations

from datetime import datetime

from common.errors import Invalid
from customers.rules import MOBILE

PHONE, WA, SMS = "Telepon", "WA", "SMS"


def reachability_sentence(*, by_phone: bool, by_wa: bool, by_sms: bool) -> str:
    """`Pelanggan dapat dihubungi via Telepon, WA & SMS`; with none of them an empty text (A-003-17)."""
    answers = ((PHONE, by_phone), (WA, by_wa), (SMS, by_sms))
    ways = [name for name, answer in answers if answer]
    if not ways:
        return ""
    *first, last = ways
    joined = f"{', '.join(first)} & {last}" if first else last
    return f"Pelanggan dapat dihubungi via {joined}"


def confirmation_sentence(at: datetime) -> str:
    """The note of R-003-92 with the agreed moment, `at` being in the unit's own time."""
    return f"Penelepon minta dikonfirmasi pukul {at:%H.%M} tanggal {at:%d/%m/%Y}, karena baru ada dilokasi"


def check_ways(
    *, caller_kind: str, mobile_number: str, by_phone: bool, by_wa: bool, by_sms: bool, message: str
) -> None:
    """Refuse ways for which there is no number: WA and SMS need a mobile one, the phone any.

    Raises:
        Invalid: `no_number`, with `message`.
    """
    has_mobile = bool(mobile_number) or caller_kind == MOBILE
    if (by_wa or by_sms) and not has_mobile:
        raise Invalid(message, code="no_number", field="by_wa" if by_wa else "by_sms")
    if by_phone and not (has_mobile or caller_kind):
        raise Invalid(message, code="no_number", field="by_phone")
