"""The lines of an import file: each cell read, each line judged against what the portal knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from common.csv_files import CsvLine
from common.errors import Invalid
from customers import rules
from customers.models import MAX_POWER_VA, Customer, Kogol, Meter, Phase, PowerStep, Product, Tariff
from customers.services.bulk import NewCustomer, serving_units
from customers.services.customers import SERVING_KINDS
from customers.services.identity import set_nik
from units.models import Area, Unit, User
from units.powers import Power

REQUIRED = ("idpel", "name", "street", "area_code", "tariff", "power_va", "product")
TEXT_LENGTHS = {"name": 120, "street": 160, "building_number": 20, "rt": 3, "rw": 3, "landmark": 160}
MAX_PHONES = 5


class CellProblem(Exception):
    """A cell, or the line where `column` is empty, cannot stand. `code` is a key of `notices.IMPORT`."""

    def __init__(self, code: str, column: str = "", **params: Any) -> None:
        super().__init__(code)
        self.code, self.column, self.params = code, column, params


@dataclass(frozen=True)
class Problem:
    line: int
    column: str
    code: str
    params: dict[str, Any]


@dataclass
class Judged:
    """What became of some lines: customers that could be saved, errors, and warnings that hinder nothing."""

    new: list[NewCustomer] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class Judge:
    """Judges the lines of one file, chunk by chunk, for `by` on the day `on`."""

    def __init__(self, *, by: User, on: date) -> None:
        self.by, self.on = by, on
        self.tariffs = {tariff.code: tariff for tariff in Tariff.objects.in_force(on)}
        self.kogol = {str(kogol.code): kogol for kogol in Kogol.objects.all()}
        self.phase_of_step = dict(PowerStep.objects.values_list("va", "phase"))
        self.line_of: dict[tuple[str, str], int] = {}

    def judge(self, lines: Sequence[CsvLine]) -> Judged:
        """Judge a chunk; the number of queries does not depend on its length."""
        self._look_up([line.cells for line in lines if line.cells is not None])
        judged = Judged()
        for line in lines:
            if line.cells is None:
                judged.errors.append(Problem(line.number, "", "cell_count", {}))
                continue
            new, problems = self._read(line.number, line.cells)
            judged.errors += problems
            if new is not None:
                judged.new.append(new)
                judged.warnings += _warnings(line.number, new)
        return judged

    def _look_up(self, rows: list[dict[str, str]]) -> None:
        def given(column: str) -> set[str]:
            return {row[column][:20] for row in rows if row.get(column)}

        self.areas = Area.objects.in_bulk(given("area_code"))
        self.units = {unit.code: unit for unit in Unit.objects.filter(code__in=given("unit_code"))}
        self.serving = serving_units(self.areas.values(), self.on)
        idpels = Customer.objects.filter(idpel__in=given("idpel")).values_list("idpel", flat=True)
        meters = Meter.objects.filter(number__in=given("meter_number")).values_list("number", flat=True)
        self.taken = {("idpel", idpel) for idpel in idpels} | {("meter_number", number) for number in meters}

    def _read(self, number: int, cells: dict[str, str]) -> tuple[NewCustomer | None, list[Problem]]:
        """The customer of a line, or everything that is wrong with it."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column, read in READERS.items():
            try:
                values[column] = self._cell(column, cells.get(column, ""), read, number)
            except CellProblem as problem:
                problems.append(Problem(number, column, problem.code, problem.params))
        if problems:
            return None, problems
        try:
            return self._customer(values), []
        except CellProblem as problem:
            return None, [Problem(number, problem.column, problem.code, problem.params)]

    def _cell(self, column: str, cell: str, read: Callable[[Judge, str], Any], number: int) -> Any:
        if not cell:
            if column in REQUIRED:
                raise CellProblem("missing")
            return None
        if not cell.isprintable():
            raise CellProblem("unprintable")
        if len(cell) > TEXT_LENGTHS.get(column, 200):
            raise CellProblem("too_long", length=TEXT_LENGTHS.get(column, 200))
        value = read(self, cell)
        if column in ("idpel", "meter_number"):
            self._claim(column, cell, number)
        return value

    def _claim(self, column: str, cell: str, number: int) -> None:
        if (line := self.line_of.setdefault((column, cell), number)) != number:
            raise CellProblem("twice", line=line)
        if (column, cell) in self.taken:
            raise CellProblem("registered")

    def _customer(self, values: dict[str, Any]) -> NewCustomer:
        area = values["area_code"]
        customer = Customer(
            **{column: values[column] or "" for column in ("idpel", *TEXT_LENGTHS)},
            area=area,
            unit=self._unit(values["unit_code"] or self.serving.get(area.pk)),
            tariff=values["tariff"],
            power_va=values["power_va"],
            phase=values["phase"] or self._phase(values["power_va"]),
            product=values["product"],
            kogol=values["kogol"] or self._of(self.kogol, "0", "kogol"),
        )
        set_nik(customer, values["nik"] or "")
        return NewCustomer(customer, _meter(values), values["phones"] or [])

    def _unit(self, unit: Unit | None) -> Unit:
        if unit is None:
            raise CellProblem("choose_unit", "unit_code")
        if unit.kind not in SERVING_KINDS:
            raise CellProblem("unit_kind", "unit_code")
        if not self.by.may(Power.MANAGE_CUSTOMERS, unit):
            raise CellProblem("not_your_unit", "unit_code")
        return unit

    def _phase(self, power_va: int) -> int:
        if power_va not in self.phase_of_step:
            raise CellProblem("choose_phase", "phase")
        return self.phase_of_step[power_va]

    def _of(self, rows: dict[str, Any], key: str, column: str = "") -> Any:
        if key not in rows:
            raise CellProblem("unknown", column)
        return rows[key]

    def _date(self, text: str) -> date:
        try:
            day = date.fromisoformat(text if len(text) == 10 else "")
        except ValueError as error:
            raise CellProblem("date") from error
        if not date(1950, 1, 1) <= day <= self.on:
            raise CellProblem("date_range")
        return day


def _digits(text: str, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and 1 <= int(text) <= highest):
        raise CellProblem("number", highest=highest)
    return int(text)


def _checked(check: Callable[[str], Any], text: str) -> Any:
    try:
        return check(text)
    except Invalid as refusal:
        raise CellProblem(refusal.code) from refusal


def _phones(text: str) -> list[rules.Phone]:
    """Several numbers stand with a `|` between them."""
    parts = [part for part in text.split("|") if part.strip()]
    if len(parts) > MAX_PHONES:
        raise CellProblem("too_many_phones", count=MAX_PHONES)
    phones = {phone.number: phone for phone in (_checked(rules.normalise_phone, part) for part in parts)}
    return list(phones.values())


def _meter(values: dict[str, Any]) -> Meter | None:
    number = values["meter_number"]
    if number is None:
        return None
    if values["meter_installed_on"] is None:
        raise CellProblem("missing", "meter_installed_on")
    brand = values["meter_brand"] or rules.brand_of(number)
    return Meter(number=number, brand=brand[:40], installed_on=values["meter_installed_on"])


def _warnings(number: int, new: NewCustomer) -> list[Problem]:
    found = []
    tariff, power_va = new.customer.tariff, new.customer.power_va
    if new.meter and not rules.meter_number_is_plausible(new.meter.number):
        found.append(Problem(number, "meter_number", "check_digit", {}))
    if power_va < (tariff.min_va or 0) or power_va > (tariff.max_va or MAX_POWER_VA):
        found.append(Problem(number, "power_va", "outside_tariff", {"tariff": tariff.code}))
    return found


PHASES = {str(phase.value): phase.value for phase in Phase}
PRODUCTS = {product.value: product.value for product in Product}
READERS: dict[str, Callable[[Judge, str], Any]] = {
    "idpel": lambda judge, cell: _checked(rules.check_idpel, cell),
    **dict.fromkeys(TEXT_LENGTHS, lambda judge, cell: cell),
    "area_code": lambda judge, cell: judge._of(judge.areas, cell),
    "unit_code": lambda judge, cell: judge._of(judge.units, cell),
    "tariff": lambda judge, cell: judge._of(judge.tariffs, cell.upper()),
    "power_va": lambda judge, cell: _digits(cell, MAX_POWER_VA),
    "phase": lambda judge, cell: judge._of(PHASES, cell),
    "product": lambda judge, cell: judge._of(PRODUCTS, cell.upper()),
    "kogol": lambda judge, cell: judge._of(judge.kogol, cell),
    "nik": lambda judge, cell: _checked(rules.check_nik, cell),
    "meter_number": lambda judge, cell: _checked(rules.check_meter_number, cell),
    "meter_brand": lambda judge, cell: cell,
    "meter_installed_on": lambda judge, cell: judge._date(cell),
    "phones": lambda judge, cell: _phones(cell),
}
OPTIONAL = tuple(column for column in READERS if column not in REQUIRED)
