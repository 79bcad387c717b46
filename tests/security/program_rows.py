"""Programs of five units for the permission tests: approved, under evaluation, announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from customers.models import Customer
from programs.models import Evaluation, PaymentImport, Program, Reward, Winner
from units.models import Unit, User


@dataclass
class ProgramRows:
    """By place; programs also by what they are good for."""

    programs: dict[tuple[str, str], Program] = field(default_factory=dict)
    imports: dict[str, PaymentImport] = field(default_factory=dict)
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    winners: dict[str, Winner] = field(default_factory=dict)


def program_rows(officer: User, units: dict[str, Unit], customers: dict[str, Customer]) -> ProgramRows:
    """Winners are those of their place in a program of that place."""
    rows = ProgramRows()
    for number, (place, unit) in enumerate(units.items()):
        for name in ("approved", "asked", "announced"):
            rows.programs[place, name] = _program(f"uji-{name}-{number}", unit)
        rows.programs[place, "draft"] = _program(f"uji-draft-{number}", unit, status="DRAFT")
        asked = rows.programs[place, "asked"]
        rows.evaluations[place] = Evaluation.objects.create(program=asked, asked_by=officer)
        rows.imports[place] = PaymentImport.objects.create(
            program=asked, unit=unit, file_name="payments.csv", uploaded_by=officer
        )
        rows.winners[place] = _winner(rows.programs[place, "announced"], unit, customers[place], officer)
    return rows


def _program(slug: str, unit: Unit, status: str = "APPROVED") -> Program:
    today = timezone.localdate()
    return Program.objects.create(
        slug=slug,
        name=slug,
        unit=unit,
        period_start=today.replace(day=1),
        months=1,
        announce_before=today + timedelta(days=30),
        pick_up_from=today - timedelta(days=1),
        pick_up_until=today + timedelta(days=1),
        agent_may_say="Terima kasih",
        status=status,
    )


def _winner(program: Program, unit: Unit, customer: Customer, officer: User) -> Winner:
    done = Evaluation.objects.create(program=program, asked_by=officer, status="DONE", digest="0" * 64)
    Program.objects.filter(pk=program.pk).update(status="ANNOUNCED", evaluation=done)
    reward = Reward.objects.create(program=program, unit=unit, name="Payung", stock=1, assigned=1)
    return Winner.objects.create(
        program=program,
        customer=customer,
        unit=unit,
        tariff="R1",
        status="TOLD",
        told_at=timezone.now(),
        reward=reward,
    )
