"""The values of placeholders on a call, and the texts of a step with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Q
from django.utils import translation
from django.utils.formats import date_format

from allocation.notices import SPOKEN, power_text
from allocation.rules import OTHER
from sop.models import SopValue
from sop.rules import fields
from sop.rules.compiler import texts
from sop.rules.graph import Step
from sop.rules.text import greeting, names_in, render
from sop.situation import Situation
from tickets.rules.reachability import reachability_sentence

EITHER = "Bapak/Ibu"


class Words:
    """Renders the texts of one step of a call. Only what they name is looked up."""

    def __init__(self, situation: Situation, step: Step) -> None:
        self.situation, self.step = situation, step
        self.fill = step.body.get("fill", {})
        asked = {name for _place, text in texts(step.body) for name in names_in(text, self.fill)}
        self.values = {name: self._value(name) for name in asked if not name.startswith("nilai.")}
        kept = maintained(situation, (name for name in asked if name.startswith("nilai.")))
        self.values |= {name: row.text for name, row in kept.items()}
        self.assumed = {name for name, row in kept.items() if row.is_assumed}

    def __call__(self, text: str) -> str:
        return render(text, self.values, self.fill)

    def is_complete(self, text: str) -> bool:
        """Whether every placeholder of `text` has a value."""
        return all(self.values.get(name) for name in names_in(text, self.fill))

    def is_assumed(self, text: str) -> bool:
        """Whether `text` names a value that stood in a lost picture and that nobody has confirmed."""
        return not self.assumed.isdisjoint(names_in(text, self.fill))

    def _value(self, name: str) -> str:
        space, _dot, rest = name.partition(".")
        if space == "isian":
            return self._collected(rest)
        if space == "jawaban":
            return self._answered(rest)
        if found := self.situation.walk.found().get(name):
            return str(found)
        return FACTS[name](self.situation) if name in FACTS else ""

    def _collected(self, name: str) -> str:
        field_type = self.situation.walk.graph.collected_types().get(name, "")
        value = self.situation.collected.get(name)
        if field_type == "unit" and value:
            named = self.situation.unit_of(value)
            return named.name if named else ""
        return fields.spoken(field_type, value)

    def _answered(self, name: str) -> str:
        address = self.step.about.get(name, "")
        answer = self.situation.walk.answer_to(address)
        ways = self.situation.walk.graph[address].exits if address else ()
        return next((way.label for way in ways if way.answer == answer), "")


def maintained(situation: Situation, names: Iterable[str]) -> dict[str, SopValue]:
    """The values in force on the day of the call, by placeholder (`nilai.KEY`)."""
    keys = [name.removeprefix("nilai.") for name in names]
    if not keys:
        return {}
    rows = SopValue.objects.in_force(situation.on).filter(Q(key__in=keys)).order_by("valid_from")
    return {f"nilai.{row.key}": row for row in rows}


def _salutation(situation: Situation) -> str:
    return str(situation.collected.get("sapaan") or "").capitalize() or EITHER


def _time_of_day(situation: Situation) -> str:
    return greeting(situation.at.astimezone(situation.site.zone).hour)


def _date(situation: Situation) -> str:
    with translation.override("id"):
        return date_format(situation.on, "j F Y")


def _street(situation: Situation) -> str:
    return situation.customer.street if situation.customer else ""


def _district(situation: Situation) -> str:
    return situation.area.name.title() if situation.area else ""


def _power(situation: Situation) -> str:
    wanted = situation.collected.get("daya")
    return power_text(wanted) if wanted else ""


def _product(situation: Situation) -> str:
    return SPOKEN.get(situation.collected.get("produk") or "", "")


def _other_product(situation: Situation) -> str:
    wanted = situation.collected.get("produk") or ""
    return SPOKEN[OTHER[wanted]] if wanted in OTHER else ""


def _reachable(situation: Situation) -> str:
    given = situation.collected
    return reachability_sentence(
        by_phone=bool(given.get("hubungi_telepon")),
        by_wa=bool(given.get("hubungi_wa")),
        by_sms=bool(given.get("hubungi_sms")),
    )


def _confirmation(situation: Situation) -> str:
    moment = situation.moment("konfirmasi_pada")
    return f"{moment:%H.%M}" if moment else ""


def _masked_idpel(situation: Situation) -> str:
    return fields.mask_identity(situation.customer.idpel) if situation.customer else ""


FACTS: dict[str, Callable[[Situation], str]] = {
    "sapaan": _salutation,
    "nama": lambda it: it.name,
    "nama_cso": lambda it: it.agent.get_full_name() or it.agent.username,
    "waktu": _time_of_day,
    "tanggal": _date,
    "jalan": _street,
    "wilayah": _district,
    "idpel": _masked_idpel,
    "daya": _power,
    "produk": _product,
    "produk_lain": _other_product,
    "unit": lambda it: it.unit.name if it.unit else "",
    "nomor_laporan": lambda it: it.ticket_number,
    "kalimat_hubungi": _reachable,
    "jam_konfirmasi": _confirmation,
}
