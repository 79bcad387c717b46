"""Synthetic customers for a demo: no real person, real areas."""

from __future__ import annotations

import random
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from customers import rules
from customers.models import Customer, Kogol, Meter, PowerStep, Product, Tariff
from customers.services.bulk import NewCustomer, save_all, serving_units
from customers.services.identity import set_nik
from units.models import Area, AreaLevel, Unit

# How many of a hundred customers live in each province, and who serves those whom no service area covers.
PROVINCES = {
    "31": (30, "UID Jakarta Raya"),
    "32": (22, "UID Jawa Barat"),
    "33": (18, "UID Jawa Tengah & D.I. Yogyakarta"),
    "34": (8, "UID Jawa Tengah & D.I. Yogyakarta"),
    "36": (16, "UID Banten"),
    "51": (2, "UID Bali"),
    "73": (2, "UIW Sulawesi Selatan, Tenggara & Barat"),
    "91": (2, "UIW Papua & Papua Barat"),
}
# tariff, powers, kogol, how many of a hundred
KINDS = (
    ("R1", (450, 900, 1300, 2200), 0, 44),
    ("R1M", (900,), 0, 22),
    ("R2", (3500, 4400, 5500), 0, 10),
    ("R3", (6600, 10600, 13200), 0, 4),
    ("B1", (1300, 2200, 5500), 0, 8),
    ("B2", (6600, 16500, 41500, 66000), 0, 4),
    ("S2", (900, 2200, 11000), 0, 3),
    ("I1", (3500, 10600, 13900), 0, 2),
    ("P1", (2200, 10600, 53000), 1, 3),
)
HIGHEST_PRABAYAR = {1: 11000, 3: 41500}
BRANDS = ("14", "22", "25", "32", "34", "46", "07", "01")


@transaction.atomic
def load(count: int = 2000, seed: int = 2022) -> int:
    """Create `count` demo customers, the same for the same seed; answer how many were created.

    Creates none where there are demo customers already. Phones have an exchange of zeros and NIKs the serial
    number 0000, so that neither belongs to anybody.
    """
    if Customer.objects.filter(is_demo=True).exists():
        return 0
    made = _Maker(count, random.Random(seed), timezone.localdate())  # noqa: S311  (no secret)
    new = [made.customer(number) for number in range(1, count + 1)]
    save_all(new, by=None, reason="demo")
    return len(new)


class _Maker:
    def __init__(self, count: int, chance: random.Random, today: date) -> None:
        self.chance, self.today = chance, today
        self.areas = _areas(count, chance)
        self.serving = serving_units(self.areas, today)
        self.elsewhere = {unit.name: unit for unit in Unit.objects.filter(parent__kind="PUSAT")}
        self.tariffs = Tariff.objects.in_bulk(field_name="code")
        self.kogol = Kogol.objects.in_bulk()
        self.phases = dict(PowerStep.objects.values_list("va", "phase"))

    def customer(self, number: int) -> NewCustomer:
        """Customer `number`: everything about it follows from the seed."""
        chance, area = self.chance, self.areas[number - 1]
        unit = self.serving.get(area.pk) or self.elsewhere[PROVINCES[area.pk[:2]][1]]
        code, powers, kogol, _ = chance.choices(KINDS, weights=[share for *_, share in KINDS])[0]
        power_va = chance.choice(powers)
        customer = Customer(
            idpel=f"{_unit_digits(unit)}{number:07d}",
            name=f"PELANGGAN {number:04d}",
            street=f"JL. CONTOH {chance.randint(1, 99)}",
            building_number=str(chance.randint(1, 200)),
            rt=f"{chance.randint(1, 15):03d}",
            rw=f"{chance.randint(1, 12):03d}",
            landmark="",
            area=area,
            unit=unit,
            tariff=self.tariffs[code],
            power_va=power_va,
            phase=self.phases[power_va],
            product=self._product(power_va),
            kogol=self.kogol[kogol],
            is_demo=True,
        )
        if chance.random() < 0.7:
            set_nik(customer, self._nik(area))
        return NewCustomer(customer, self._meter(number), self._phones(number))

    def _product(self, power_va: int) -> str:
        prabayar = power_va <= HIGHEST_PRABAYAR[self.phases[power_va]] and self.chance.random() < 0.6
        return Product.PRABAYAR if prabayar else Product.PASCABAYAR

    def _meter(self, number: int) -> Meter:
        digits = f"{self.chance.choice(BRANDS)}{number:08d}"
        meter_number = f"{digits}{rules.luhn_digit(digits)}"
        age = timedelta(days=self.chance.randint(365, 20 * 365))
        return Meter(number=meter_number, brand=rules.brand_of(meter_number), installed_on=self.today - age)

    def _phones(self, number: int) -> list[rules.Phone]:
        phones = [rules.Phone(f"+6281200{number:06d}", rules.MOBILE)]
        if self.chance.random() < 0.15:
            phones.append(rules.Phone(f"+622100{number:06d}", rules.PSTN))
        return phones

    def _nik(self, area: Area) -> str:
        born = date(1950, 1, 1) + timedelta(days=self.chance.randint(0, 18_000))
        day = born.day + self.chance.choice((0, 40))
        return f"{area.pk.replace('.', '')[:6]}{day:02d}{born:%m%y}0000"


def _areas(count: int, chance: random.Random) -> list[Area]:
    """An area for each customer: desa, spread over the provinces by their share."""
    desa: dict[str, list[str]] = {province: [] for province in PROVINCES}
    rows = Area.objects.filter(level=AreaLevel.DESA).order_by("pk")
    for province, codes in desa.items():
        codes.extend(rows.filter(pk__startswith=f"{province}.").values_list("pk", flat=True))
    known = [province for province in PROVINCES if desa[province]]
    weights = [PROVINCES[province][0] for province in known]
    codes = [chance.choice(desa[province]) for province in chance.choices(known, weights, k=count)]
    areas = Area.objects.in_bulk(codes)
    return [areas[code] for code in codes]


def _unit_digits(unit: Unit) -> str:
    """Five digits as an IDPEL begins with; units whose code has no public source get 99."""
    return unit.code[:5].ljust(5, "0") if unit.code.isdigit() else "99000"
