"""The questions that a procedure may ask the domain. Each answers with one of its declared words, and with
values for the placeholders that depend on it.

A check is called with what is known on the call and with its arguments, already looked up.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from allocation.models import Channel, Outcome
from allocation.notices import SPOKEN, power_text
from allocation.rules import OTHER
from allocation.services import checks as allocation_checks
from common.errors import Invalid
from customers import cipher
from customers.models import Product
from customers.rules import full_years
from programs.models import Program
from sop import registers
from sop.models import PsScheme, SopValue, SopVersion
from sop.rules.analysis import EMPTY, NO, NOT_ASKED, YES
from sop.rules.compiler import FIELD_ARGUMENT, STEP_ARGUMENT, CheckSpec
from sop.situation import Situation
from tickets.services.coverage import find_coverage
from tickets.services.outages import current_outage
from tickets.services.repeats import Sought, find_candidates
from units.models import Unit

# Completed years from which a meter is replaced without a fault (R-000-5, R-000-6, A-000-1).
METER_AGE_YEARS = {Product.PASCABAYAR: 10, Product.PRABAYAR: 15}
NIK_PLACE = "sop_callstep.nik"
UNKNOWN = "tidak_diketahui"
SATURDAY = 5
MAX_TMP_DIGITS = 3

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """One of the check's words, and values by placeholder."""

    value: str
    data: dict[str, str] = field(default_factory=dict)


Check = Callable[[Situation, Arguments], Answer]
CHECKS: dict[str, Check] = {}
SPECS: dict[str, CheckSpec] = {}


def check(*answers: str, **arguments: bool) -> Callable[[Check], Check]:
    """Register a check under its function's name, with its answers and its arguments (name: required)."""

    def register(function: Check) -> Check:
        name = function.__name__
        CHECKS[name] = function
        SPECS[name] = CheckSpec(answers, arguments)
        return function

    return register


def ask(name: str, situation: Situation, arguments: Arguments) -> Answer:
    return CHECKS[name](situation, arguments)


def _yes(holds: object, **data: str) -> Answer:
    return Answer(YES if holds else NO, data)


# --- The call itself ------------------------------------------------------------------------------


@check(**{STEP_ARGUMENT: True})
def answer_of(situation: Situation, arguments: Arguments) -> Answer:
    """What was answered to a question before."""
    return Answer(situation.walk.answer_to(str(arguments[STEP_ARGUMENT])) or NOT_ASKED)


@check(**{FIELD_ARGUMENT: True})
def field_value(situation: Situation, arguments: Arguments) -> Answer:
    """What was collected: yes or no, a product, one of some choices."""
    value = situation.collected.get(str(arguments[FIELD_ARGUMENT]))
    if value is None or value == "":
        return Answer(EMPTY)
    return _yes(value) if isinstance(value, bool) else Answer(str(value))


@check(YES, NO)
def caller_known(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the caller's number called before, so that a name can be offered (R-003-6)."""
    return _yes(situation.offered_name)


@check("PSTN", "MOBILE", "tidak_ada")
def caller_number_kind(situation: Situation, arguments: Arguments) -> Answer:
    return Answer(situation.caller_kind or "tidak_ada")


@check(*Channel.values)
def channel(situation: Situation, arguments: Arguments) -> Answer:
    return Answer(situation.channel)


# --- Customer and premises ------------------------------------------------------------------------


@check(YES, NO)
def customer_found(situation: Situation, arguments: Arguments) -> Answer:
    return _yes(situation.customer)


@check(*Product.values, UNKNOWN)
def product(situation: Situation, arguments: Arguments) -> Answer:
    """The product of the customer."""
    return Answer(situation.customer.product if situation.customer else UNKNOWN)


@check("subsidi", "non_subsidi", UNKNOWN)
def subsidised(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the customer's present tariff is subsidised (R-001-19)."""
    if situation.customer is None:
        return Answer(UNKNOWN)
    return Answer("subsidi" if situation.customer.is_subsidised else "non_subsidi")


@check(YES, NO)
def unit_known(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the unit of the premises is known ("Cek Kolom Nama Unit/Posko", R-003-74)."""
    return _yes(situation.unit)


@check(YES, NO)
def coordinates_known(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the coordinates were given ("Cek Titik Koordinat", R-003-71)."""
    return _yes(situation.collected.get("koordinat"))


@check("memenuhi", "belum", UNKNOWN, product=False, years=False)
def meter_age(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the meter is old enough for replacement: 10 years pascabayar, 15 prabayar (R-000-5, -6).

    By the caller's word where it is given (R-000-17), else by the day the meter was installed.
    """
    customer = situation.customer
    product_code = arguments.get("product") or (customer.product if customer else None)
    years = arguments.get("years")
    if years is None and customer is not None and customer.current_meter:
        years = full_years(customer.current_meter.installed_on, situation.on)
    if product_code not in METER_AGE_YEARS or years is None:
        return Answer(UNKNOWN)
    return Answer("memenuhi" if float(years) >= METER_AGE_YEARS[Product(product_code)] else "belum")


# --- What may be promised -------------------------------------------------------------------------


@check("dilayani", "tawarkan_lain", "tidak_dilayani", "belum_diatur", transaction=True)
def allocation(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the wanted product and power can be served (seed 002).

    Raises:
        Invalid: power, product or tariff was not collected, or the unit is not known.
    """
    wanted = situation.collected
    tariff = situation.tariff_of(wanted["tarif"]) if wanted.get("tarif") else None
    if not wanted.get("daya") or not wanted.get("produk") or tariff is None:
        raise Invalid(_("Power, product and tariff must be known first."), code="incomplete")
    inquiry = allocation_checks.Inquiry(
        transaction=str(arguments["transaction"]),
        power_va=wanted["daya"],
        product=wanted["produk"],
        tariff=tariff,
        unit=situation.chosen_unit or (situation.serving_of(situation.area) if situation.area else None),
        area=situation.area,
        customer=situation.customer,
        current_product=wanted.get("produk_sekarang") or "",
        current_phase=int(wanted["phasa_sekarang"]) if wanted.get("phasa_sekarang") else None,
        channel=situation.channel,
        on=situation.on,
    )
    found = allocation_checks.ask(inquiry=inquiry, by=situation.agent, at=situation.at)
    return Answer(ALLOCATION_ANSWERS[Outcome(found.check.outcome)], _allocation_words(found))


ALLOCATION_ANSWERS = {
    Outcome.SERVED: "dilayani",
    Outcome.OFFER_OTHER: "tawarkan_lain",
    Outcome.NOTHING_SERVED: "tidak_dilayani",
    Outcome.NOT_SET: "belum_diatur",
}


def _allocation_words(found: allocation_checks.Answer) -> dict[str, str]:
    wanted = found.check.product
    return {
        "daya": power_text(found.check.power_va),
        "produk": SPOKEN[wanted],
        "produk_lain": SPOKEN[OTHER[wanted]],
        "notifikasi": found.notification or "",
        "unit": found.check.unit.name,
    }


@check("skema_1", "skema_2", "belum_diatur")
def ps_scheme(situation: Situation, arguments: Arguments) -> Answer:
    """The scheme of the region for temporary supply; not set is an answer and blocks nothing (R-001-12).

    Its words go into a note for the unit, which reads Indonesian whatever the agent's language is.
    """
    row = PsScheme.objects.ruling(situation.unit, situation.on).first() if situation.unit else None
    if row is None:
        return Answer("belum_diatur", {"skema": "belum diatur"})
    return Answer(f"skema_{row.scheme}", {"skema": f"skema {row.scheme}"})


@check("melebihi", "belum", UNKNOWN, registered_on=True, indicator=True)
def tmp_exceeded(situation: Situation, arguments: Arguments) -> Answer:
    """Whether more working days have passed since `registered_on` than the unit declared (R-001-2).

    The declared days are the value `tmp-<indicator>-<unit code>` of the unit or of one above it, else
    `tmp-<indicator>`. Saturdays and Sundays do not count. `jatuh_tempo` is the last day in time.
    """
    days = _declared_days(str(arguments["indicator"]), situation.unit, situation.on)
    if days is None or not arguments.get("registered_on"):
        return Answer(UNKNOWN)
    registered = date.fromisoformat(str(arguments["registered_on"]))
    if registered > situation.on:
        return Answer("belum", {"tmp": str(days)})
    data = {"tmp": str(days), "jatuh_tempo": f"{_due_day(registered, days):%d/%m/%Y}"}
    return Answer("melebihi" if _working_days(registered, situation.on) > days else "belum", data)


def _declared_days(indicator: str, unit: Unit | None, on: date) -> int | None:
    general = f"tmp-{indicator}"
    named = Q(key=general) | Q(key__startswith=f"{general}-")
    rows = {row.key: row.text for row in SopValue.objects.in_force(on).filter(named)}
    codes = _codes_above(unit) if unit is not None and rows.keys() - {general} else []
    keys = [*(f"{general}-{code.lower()}" for code in codes), general]
    found = next((rows[key] for key in keys if rows.get(key)), "")
    return int(found) if found.isdecimal() and len(found) <= MAX_TMP_DIGITS else None


def _due_day(start: date, days: int) -> date:
    """The last of `days` working days after `start`."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day


def _codes_above(unit: Unit) -> list[str]:
    """The codes of the unit and of those above it, the nearest first."""
    above = Unit.objects.filter(pk__in=unit.ancestor_ids).order_by("-path")
    return list(above.values_list("code", flat=True))


def _working_days(start: date, end: date) -> int:
    days = (end - start).days
    weeks, rest = divmod(max(days, 0), 7)
    return weeks * 5 + sum(
        (start + timedelta(days=offset + 1)).weekday() < SATURDAY for offset in range(rest)
    )


@check("terdaftar", "tidak_terdaftar", "tidak_terhubung", nik=True)
def subsidy_register(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the person is in the subsidy register (R-001-19); not connected means that the agent looks."""
    nik = open_nik(arguments["nik"])
    found = registers.subsidy_register().is_registered(nik) if nik else None
    if found is None:
        return Answer("tidak_terhubung")
    return Answer("terdaftar" if found else "tidak_terdaftar")


def seal_nik(nik: str, masked: str) -> dict[str, str]:
    """A NIK as a call keeps it: masked to look at, and sealed."""
    sealed = base64.b64encode(cipher.encrypt(nik.encode(), place=NIK_PLACE)).decode()
    return {"masked": masked, "sealed": sealed}


def open_nik(kept: Any) -> str:
    if not isinstance(kept, Mapping):
        return ""
    return cipher.decrypt(base64.b64decode(kept["sealed"]), place=NIK_PLACE).decode()


# --- Reports, outages, programs, other SOPs -------------------------------------------------------


@check("dicakup", "di_luar", UNKNOWN)
def self_diagnosis_coverage(situation: Situation, arguments: Arguments) -> Answer:
    """Whether self-diagnosis is in force for the premises on the day of the call (R-003-27 to R-003-32)."""
    if situation.unit is None and situation.area is None:
        return Answer(UNKNOWN)
    row = find_coverage(unit=situation.unit, area=situation.area, on=situation.on)
    return Answer("dicakup" if row else "di_luar")


@check("ada", "tidak_ada", tab=False)
def earlier_report(situation: Situation, arguments: Arguments) -> Answer:
    """Whether a report of the same customer, meter or phone is still open, of one tab if named (R-003-16)."""
    phones = [situation.caller_number, situation.collected.get("hp") or ""]
    identity = situation.identity
    sought = Sought(
        customer=situation.customer,
        meter_number=identity if len(identity) == 11 else "",
        phones=tuple(filter(None, phones)),
    )
    tab = arguments.get("tab")
    candidates = find_candidates(sought=sought, by=situation.agent, at=situation.at)
    found = [it.ticket.number for it in candidates if tab in (None, it.ticket.tab)]
    if not found:
        return Answer("tidak_ada")
    return Answer("ada", {"laporan_sebelumnya": found[0]})


@check("ada", "tidak_ada")
def open_incident(situation: Situation, arguments: Arguments) -> Answer:
    """Whether the premises lie in a confirmed wide outage."""
    found = current_outage(situation.area) if situation.area else None
    return Answer("ada" if found else "tidak_ada")


@check("berlaku", "tidak_berlaku", program=True)
def program_in_force(situation: Situation, arguments: Arguments) -> Answer:
    """Whether callers may ask about a program on the day of the call."""
    rows = Program.objects.visible_to(situation.agent).current(situation.on)
    found = rows.filter(slug=str(arguments["program"])).first()
    return Answer("berlaku", {"program": found.name}) if found else Answer("tidak_berlaku")


@check("berlaku", "tidak_berlaku", sop=True)
def sop_in_force(situation: Situation, arguments: Arguments) -> Answer:
    """Whether some version of an SOP is in force at the unit, or anywhere while that is not known."""
    rows = SopVersion.objects.ruling(situation.on, situation.unit)
    is_there = rows.filter(Q(document__slug=str(arguments["sop"]))).exists()
    return Answer("berlaku" if is_there else "tidak_berlaku")
