"""Settings and checks of the last months for a demo: plausible, and the same for the same seed."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from allocation.models import AllocationCheck, Availability, Channel, Transaction
from allocation.services import availability, checks, matrix
from customers.models import Phase, PowerStep, Product, Tariff
from units.models import Unit, User

T = TypeVar("T")

ALL, PASCABAYAR, PRABAYAR = Availability.ALL, Availability.PASCABAYAR, Availability.PRABAYAR
# days ago, unit, phase, value, account, reason
SETTINGS = (
    (120, "UID Jakarta Raya", 1, ALL, "srm.jakarta", "Stok awal cukup untuk kedua layanan"),
    (120, "UID Jakarta Raya", 3, ALL, "srm.jakarta", "Stok awal cukup untuk kedua layanan"),
    (110, "UP3 Bandung", 1, ALL, "manager.bandung", "Stok awal cukup untuk kedua layanan"),
    (110, "UP3 Bandung", 3, PASCABAYAR, "manager.bandung", "kWh meter prabayar 3 phasa belum datang"),
    (90, "UP3 Menteng", 1, ALL, "manager.menteng", "Stok kedua layanan tersedia"),
    (55, "UP3 Cengkareng", 1, PRABAYAR, "srm.jakarta", "kWh meter pascabayar 1 phasa habis"),
    (45, "UP3 Bandung", 1, PRABAYAR, "manager.bandung", "kWh meter pascabayar 1 phasa habis"),
    (35, "UP3 Menteng", 3, PRABAYAR, "manager.menteng", "kWh meter pascabayar 3 phasa habis"),
    (25, "UP3 Tanjung Priok", 3, PASCABAYAR, "srm.jakarta", "kWh meter prabayar 3 phasa habis"),
    (14, "UP3 Cengkareng", 1, ALL, "srm.jakarta", "Pengiriman kWh meter pascabayar sudah diterima"),
    (10, "UP3 Bulungan", 1, PASCABAYAR, "srm.jakarta", "kWh meter prabayar 1 phasa habis"),
)
# unit and how many of a hundred checks; UP3 Serpong has set nothing, nor has its UID
PLACES = {
    "UP3 Menteng": 22,
    "UP3 Bandung": 26,
    "UP3 Cengkareng": 14,
    "UP3 Tanjung Priok": 10,
    "UP3 Bulungan": 14,
    "UP3 Kebon Jeruk": 10,
    "UP3 Serpong": 4,
}
# power and tariff, and how many of a hundred checks
POWERS = {
    (450, "R1"): 6,
    (900, "R1M"): 14,
    (1300, "R1"): 22,
    (2200, "R1"): 24,
    (3500, "R2"): 8,
    (5500, "R2"): 6,
    (7700, "R3"): 4,
    (13900, "B2"): 3,
    (22000, "B2"): 2,
    (10600, "B2"): 4,
    (16500, "B2"): 3,
    (33000, "B2"): 2,
    (53000, "B2"): 2,
}
DAYS = 60


@transaction.atomic
def load(count: int = 600, seed: int = 2021) -> int:
    """Create settings by the demo managers and `count` checks over 60 days; answer how many checks.

    Creates nothing where there are checks already.
    """
    if AllocationCheck.objects.exists():
        return 0
    now = timezone.now()
    epochs = _make_settings(now)
    chance = random.Random(seed)  # noqa: S311  (no secret)
    moments = sorted(now - timedelta(minutes=chance.randrange(1, DAYS * 24 * 60)) for _ in range(count))
    maker = _Maker(chance, epochs)
    AllocationCheck.objects.bulk_create([maker.check(at) for at in moments], batch_size=500)
    return count


def _make_settings(now: datetime) -> list[datetime]:
    """Set what the managers set; answer the moments of the changes, in order."""
    units = {unit.name: unit for unit in Unit.objects.filter(name__in={row[1] for row in SETTINGS})}
    users = {user.username: user for user in User.objects.filter(username__in={row[4] for row in SETTINGS})}
    moments = []
    for days, name, phase, value, username, reason in SETTINGS:
        at = now - timedelta(days=days)
        state = availability.current(unit=units[name], phase=phase, at=at)
        availability.set_availability(
            unit=units[name],
            phase=phase,
            value=value,
            reason=reason,
            by=users[username],
            expected_etag=state.etag,
            at=at,
        )
        moments.append(at)
    return moments


class _Maker:
    """Makes checks from what was in force at their moment; few queries for any number of checks."""

    def __init__(self, chance: random.Random, epochs: list[datetime]) -> None:
        self.chance, self.epochs = chance, epochs
        self.rows = matrix.rows_in_force(timezone.localdate())
        self.units = {unit.name: unit for unit in Unit.objects.filter(name__in=PLACES)}
        self.states = [availability.in_force(self.units.values(), at=at) for at in epochs]
        self.steps = dict(PowerStep.objects.values_list("va", "phase"))
        self.tariffs = {tariff.code: tariff for tariff in Tariff.objects.all()}
        self.agent = User.objects.get(username="cso")
        self.channel = User.objects.get(username="pln-mobile")

    def check(self, at: datetime) -> AllocationCheck:
        unit = self.units[self._one_of(PLACES)]
        states = self.states[bisect_right(self.epochs, at) - 1]
        inquiry = self._inquiry()
        return checks.compose(
            inquiry=inquiry,
            on=unit.local_date(at),
            rows=self.rows,
            states=[states[unit.pk, phase] for phase in Phase.values],
            step_phase=self.steps.get(inquiry.power_va),
            by=self.channel if inquiry.channel == Channel.PLN_MOBILE else self.agent,
            at=at,
        )

    def _inquiry(self) -> checks.Inquiry:
        transaction_ = self._one_of({Transaction.PB: 55, Transaction.PD: 40, Transaction.MIGRASI: 5})
        power_va, tariff = self._one_of(POWERS)
        product = self._one_of({Product.PASCABAYAR: 45, Product.PRABAYAR: 55})
        current: dict[str, object] = {}
        if transaction_ == Transaction.PD:
            current["current_product"] = self._one_of({Product.PASCABAYAR: 30, Product.PRABAYAR: 70})
            current["current_phase"] = self._one_of({1: 85, 3: 15})
        elif transaction_ == Transaction.MIGRASI:
            others = [it for it in Product.values if it != product]
            current = {"current_product": others[0], "current_phase": self.steps[power_va]}
        return checks.Inquiry(
            transaction=transaction_,
            power_va=power_va,
            product=product,
            tariff=self.tariffs[tariff],
            channel=self._one_of({Channel.CC123: 70, Channel.PLN_MOBILE: 30}),
            **current,  # type: ignore[arg-type]
        )

    def _one_of(self, weights: dict[T, int]) -> T:
        return self.chance.choices(list(weights), list(weights.values()))[0]
