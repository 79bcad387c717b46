"""May this meter be promised? The one decision for every channel (R-002-7), and its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from allocation import notices, rules
from allocation.models import AllocationCheck, AllocationRow, MeterAvailability, Transaction
from allocation.services import availability, matrix
from common.errors import Invalid
from customers.models import Customer, Phase, PowerStep, Tariff
from units import authority
from units.models import Area, Unit, UnitKind, User
from units.powers import Power
from units.services.service_areas import serving_unit


class UnitUnknown(Invalid):
    """Nobody is known to serve the area, or the unit named decides nothing: choose the unit."""

    code = "unit_unknown"


class CurrentServiceNeeded(Invalid):
    """PD and MIGRASI are judged by the current service (R-002-8)."""

    code = "current_service_needed"


class SameProduct(Invalid):
    """A pure migration changes the product (A-002-13)."""

    code = "same_product"


@dataclass(frozen=True)
class Inquiry:
    """What is asked. The premises are named by `unit`, `area` or `customer`, in this order of weight."""

    transaction: str
    power_va: int
    product: str
    tariff: Tariff
    unit: Unit | None = None
    area: Area | None = None
    customer: Customer | None = None
    phase: int | None = None
    current_phase: int | None = None
    current_product: str = ""
    channel: str = ""
    on: date | None = None

    @property
    def question(self) -> rules.Question:
        """As the matrix reads it, the current service taken from the customer where none is given.

        Raises:
            CurrentServiceNeeded: PD or MIGRASI without any.
            SameProduct: a migration to the product that is there already.
        """
        if self.transaction == Transaction.PB:
            return rules.Question(self.transaction, self.power_va, self.product)
        phase = self.current_phase or (self.customer.phase if self.customer else None)
        product = self.current_product or (self.customer.product if self.customer else "")
        if not phase or not product:
            message = _("Say which service the customer has now.")
            raise CurrentServiceNeeded(message, field="current_product" if phase else "current_phase")
        if self.transaction == Transaction.MIGRASI and product == self.product:
            raise SameProduct(_("A pure migration goes to the other product."), field="product")
        return rules.Question(self.transaction, self.power_va, self.product, phase, product)


@dataclass(frozen=True)
class Answer:
    """A kept check with what follows from it; the same right away and years later."""

    check: AllocationCheck
    options: tuple[rules.Option, ...]

    @property
    def notification(self) -> str | None:
        check = self.check
        return notices.notification(
            outcome=check.outcome, product=check.product, power_va=check.power_va, unit=check.unit.name
        )

    @property
    def script(self) -> str:
        """With the form of address still open, see `notices.address`."""
        check = self.check
        return notices.script(outcome=check.outcome, product=check.product, power_va=check.power_va)

    @property
    def explanation(self) -> str | None:
        return notices.explanation(outcome=self.check.outcome, product=self.check.product)

    @property
    def warnings(self) -> list[str]:
        return notices.warning_texts(self.check.warnings)

    @property
    def availabilities(self) -> dict[int, MeterAvailability | None]:
        return self.check.availabilities

    @property
    def rows(self) -> list[AllocationRow]:
        """The matrix rows that decided, one for each judged phase that was set."""
        return [row for row in self.check.deciding_rows.values() if row]


def ask(*, inquiry: Inquiry, by: User, at: datetime) -> Answer:
    """Judge the question by the matrix and the availability of its day, and keep it with what decided.

    Raises:
        Forbidden: `by` may not ask.
        UnitUnknown: no UP3, UID or UIW follows from what was named; nothing is guessed.
        NoMatrix: no matrix was in force on that day.
        CurrentServiceNeeded, SameProduct: see `Inquiry.question`.
    """
    unit, on = _premises(inquiry, at)
    authority.require(user=by, power=Power.CHECK_ALLOCATION, unit=unit)
    rows = matrix.rows_in_force(on)
    states = availability.in_force([unit], at=availability.moment_of(on, unit, at))
    step_phase = PowerStep.objects.filter(va=inquiry.power_va).values_list("phase", flat=True).first()
    check = compose(
        inquiry=inquiry,
        on=on,
        rows=rows,
        states=[states[unit.pk, phase] for phase in rules.PHASES],
        step_phase=step_phase,
        by=by,
        at=at,
    )
    check.save()
    return answer_of(check)


def compose(
    *,
    inquiry: Inquiry,
    on: date,
    rows: list[AllocationRow],
    states: list[availability.InForce],
    step_phase: int | None,
    by: User,
    at: datetime,
) -> AllocationCheck:
    """The judged check, not saved yet: `rows` is the matrix of the day, `states` what the unit had.

    `step_phase` is the phase that the wanted power belongs to, None where it is no standard step.
    """
    question = inquiry.question
    settings = {state.phase: state.row for state in states}
    return AllocationCheck(
        unit=states[0].unit,
        on=on,
        asked_at=at,
        asked_by=by,
        matrix=rows[0].matrix,
        availability_1=settings[Phase.ONE],
        availability_3=settings[Phase.THREE],
        **_asked(inquiry, question),
        **_judged(inquiry, question, rows, {state.phase: state.value for state in states}, step_phase),
    )


def _asked(inquiry: Inquiry, question: rules.Question) -> dict[str, Any]:
    return {
        "area": inquiry.area,
        "customer": inquiry.customer,
        "transaction": inquiry.transaction,
        "power_va": inquiry.power_va,
        "product": inquiry.product,
        "tariff": inquiry.tariff,
        "phase_asked": inquiry.phase,
        "current_phase": question.current_phase,
        "current_product": question.current_product,
        "channel": inquiry.channel,
    }


def _judged(
    inquiry: Inquiry,
    question: rules.Question,
    rows: list[AllocationRow],
    values: dict[int, str | None],
    step_phase: int | None,
) -> dict[str, Any]:
    phases = rules.phases_for(step_phase=step_phase, asked=inquiry.phase)
    judged = {phase: values[phase] for phase in phases}
    deciding = rules.deciding_rows(rows, question=question, availability=judged)
    verdict = rules.judge(question, deciding, rows)
    warnings = rules.warnings_for(
        question=question,
        verdict=verdict,
        step_phase=step_phase,
        asked=inquiry.phase,
        unset=[phase for phase, value in judged.items() if value is None],
    )
    return {
        "outcome": verdict.outcome,
        "phases": "".join(map(str, phases)),
        "phase": verdict.phase,
        "warnings": warnings + _differences(inquiry),
        "row_1": deciding.get(Phase.ONE),
        "row_3": deciding.get(Phase.THREE),
    }


def answer_of(check: AllocationCheck) -> Answer:
    """What was answered then, rebuilt from the rows that decided (see `with_grounds`)."""
    question = rules.Question(
        check.transaction, check.power_va, check.product, check.current_phase, check.current_product
    )
    return Answer(check, rules.options_in(question, check.deciding_rows))


def _premises(inquiry: Inquiry, at: datetime) -> tuple[Unit, date]:
    """The UP3, UID or UIW whose meters count, and the day asked for (today there, unless given)."""
    if inquiry.unit:
        on = inquiry.on or inquiry.unit.local_date(at)
        return _deciding_unit(inquiry.unit, on, "unit"), on
    if inquiry.area:
        on = inquiry.on or timezone.localdate(at, ZoneInfo(inquiry.area.time_zone))
        return _deciding_unit(serving_unit(inquiry.area, on), on, "area"), on
    if inquiry.customer:
        on = inquiry.on or inquiry.customer.unit.local_date(at)
        return _deciding_unit(inquiry.customer.unit, on, "idpel"), on
    raise UnitUnknown(_choose_the_unit(), field="area")


def _deciding_unit(unit: Unit | None, on: date, named_by: str) -> Unit:
    """Climb from an ULP or posko to its UP3 (A-002-10)."""
    if unit and unit.kind == UnitKind.ULP and unit.parent and unit.parent.kind == UnitKind.UP3:
        unit = unit.parent
    elif unit and unit.kind in (UnitKind.ULP, UnitKind.POSKO):
        unit = Unit.objects.filter(pk__in=unit.ancestor_ids, kind=UnitKind.UP3).first()
    if unit is None or unit.kind not in availability.SETTING_KINDS:
        raise UnitUnknown(_choose_the_unit(), field=named_by)
    if on < unit.valid_from or (unit.valid_until and unit.valid_until < on):
        raise UnitUnknown(_choose_the_unit(), field=named_by)
    return unit


def _choose_the_unit() -> str:
    return _("No unit is known for these premises. Please choose the unit.")


def _differences(inquiry: Inquiry) -> list[str]:
    """Warnings about what was said against what the customer's record says (R-002-14)."""
    customer = inquiry.customer
    if customer is None or inquiry.transaction == Transaction.PB:
        return []
    given = (inquiry.current_phase or customer.phase, inquiry.current_product or customer.product)
    found = {
        "CURRENT_DIFFERS": given != (customer.phase, customer.product),
        "POWER_CHANGES": inquiry.transaction == Transaction.MIGRASI and inquiry.power_va != customer.power_va,
    }
    return [code for code, holds in found.items() if holds]
