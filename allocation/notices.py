"""What the agent reads out and what the portal tells the agent, in the words of seed 002.

SCRIPT_SERVED (R-002-17), SCRIPT_OFFER (R-002-19), OFFER (R-002-25) and EXPLANATION (R-002-23) are quoted
from the SOP letter for letter, with the product words as placeholders; so is their spelling: PASKABAYAR in
scripts, PASCABAYAR in the notification. The mirror case follows A-002-4. What the SOP has no words for
(nothing served, nothing set: A-002-5, A-002-8) is the portal's own, in Bahasa Indonesia for every reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from allocation import rules

SCRIPT_SERVED = (
    "... baik {Bp/Ibu}, untuk produk layanan yang akan disambung nanti disesuaikan juga dengan material yang"
    " tersedia di Unit PLN di wilayah {Bp/Ibu} ya ..."
)
SCRIPT_OFFER = (
    "... Mohon maaf Bapak/Ibu {Nama Pemohon}, untuk saat ini Daya {daya} dengan layanan {diminta} belum"
    " tersedia di wilayah {Bapak/Ibu}, apakah {bapak/Ibu} bersedia dilayani dengan layanan {lainnya}? ..."
)
SCRIPT_NOTHING = (
    "... Mohon maaf Bapak/Ibu {Nama Pemohon}, untuk saat ini Daya {daya} belum dapat dilayani di wilayah"
    " {Bapak/Ibu} ..."
)
SCRIPT_NOT_SET = (
    "... Mohon maaf Bapak/Ibu {Nama Pemohon}, kami pastikan dahulu ketersediaan material di Unit PLN di"
    " wilayah {Bapak/Ibu} ..."
)
OFFER = (
    "Layanan {diminta} saat ini belum tersedia di Wilayah Anda."
    " Apakah anda bersedia dilayani dengan Layanan {lainnya}?"
)
NOTHING = (
    "Daya {daya} saat ini belum dapat dilayani di {unit}, baik dengan Layanan PASCABAYAR maupun PRABAYAR."
    " Tawarkan daya lain; jika pelanggan tetap menginginkan daya tersebut, buat laporan ke Unit PLN terkait"
    " melalui APKT."
)
NOT_SET = (
    "Ketersediaan meter di {unit} belum diatur, sehingga belum ada layanan yang dapat dijanjikan."
    " Tanyakan kepada supervisor; jika pelanggan tetap menginginkan layanan tersebut, buat laporan ke Unit"
    " PLN terkait melalui APKT."
)
EXPLANATION = "saat ini untuk material {diminta} belum tersedia"

SCRIPTS = {
    rules.SERVED: SCRIPT_SERVED,
    rules.OFFER_OTHER: SCRIPT_OFFER,
    rules.NOTHING_SERVED: SCRIPT_NOTHING,
    rules.NOT_SET: SCRIPT_NOT_SET,
}
NOTIFICATIONS = {rules.OFFER_OTHER: OFFER, rules.NOTHING_SERVED: NOTHING, rules.NOT_SET: NOT_SET}
SPOKEN = {rules.PASCABAYAR: "PASKABAYAR", rules.PRABAYAR: "PRABAYAR"}
WRITTEN = {rules.PASCABAYAR: "PASCABAYAR", rules.PRABAYAR: "PRABAYAR"}
FORM_OF_ADDRESS = re.compile(r"\{?(Bapak|bapak|Bp)/(Ibu)\}?")

WARNINGS = {
    "MANUAL_POWER": _("This is not a standard power step (Daya Manual). Please confirm the power."),
    "STEP_OF_OTHER_PHASE": _("This standard power step belongs to the other phase."),
    "ASK_PHASE": _("This power can be served with 1 phase and with 3 phases. Ask which one is wanted."),
    "PHASE_NOT_SET": _("The unit has not set its meters for the other phase."),
    "CURRENT_DIFFERS": _("The current service given differs from the customer's record. Please confirm it."),
    "POWER_CHANGES": _("A pure migration keeps the power, but this is not the customer's power."),
}


def power_text(power_va: int) -> str:
    """`2.200 VA`, as the SOP writes it."""
    return f"{power_va:,} VA".replace(",", ".")


def notification(*, outcome: str, product: str, power_va: int, unit: str) -> str | None:
    """The text of the application's notification; None when the wanted product is served."""
    template = NOTIFICATIONS.get(outcome)
    return _filled(template, product, power_va, WRITTEN, unit) if template else None


def script(*, outcome: str, product: str, power_va: int) -> str:
    """What the agent reads out; the applicant's form of address and name are still open, see `address`."""
    return _filled(SCRIPTS[outcome], product, power_va, SPOKEN)


def explanation(*, outcome: str, product: str) -> str | None:
    """What to say when the applicant asks why the other product is offered (R-002-23)."""
    return _filled(EXPLANATION, product, 0, SPOKEN) if outcome == rules.OFFER_OTHER else None


def _filled(template: str, product: str, power_va: int, words: dict[str, str], unit: str = "") -> str:
    values = {
        "{daya}": power_text(power_va),
        "{diminta}": words[product],
        "{lainnya}": words[rules.OTHER[product]],
        "{unit}": unit,
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


def address(text: str, *, salutation: str = "", name: str = "") -> str:
    """Fill `{Bapak/Ibu}` (salutation BAPAK or IBU, else both words stay) and `{Nama Pemohon}` (R-ALL-4)."""

    def form(match: re.Match[str]) -> str:
        return {"BAPAK": match[1], "IBU": match[2]}.get(salutation, f"{match[1]}/{match[2]}")

    text = FORM_OF_ADDRESS.sub(form, text)
    return text.replace(" {Nama Pemohon}", f" {name}" if name else "")


def warning_texts(codes: Iterable[str]) -> list[str]:
    return [str(WARNINGS[code]) for code in codes]
