"""Service targets (TMP): which one a ticket is under, and new versions of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from common.errors import Invalid
from tickets.models import Calendar, EscalationStep, ServicePolicy
from tickets.rules.clock import Interval, WorkCalendar
from units.authority import require
from units.models import Unit, User
from units.powers import Power


def policy_for(
    *, tab: str, problem_type_id: int, wo_type: str, posko: Unit, on: date
) -> ServicePolicy | None:
    """The target in force on `on` that fits best: nearest unit first, then problem type, then WO type.

    Of each policy the version that began last rules; where that has no minutes the policy has ended.
    """
    same_code = ServicePolicy.objects.filter(code=OuterRef("code"), valid_from__lte=on)
    fitting = ServicePolicy.objects.filter(
        Q(problem_type=None) | Q(problem_type=problem_type_id),
        Q(wo_type="") | Q(wo_type=wo_type),
        Q(unit=None) | Q(unit__in=posko.ancestor_ids),
        version=Subquery(same_code.order_by("-version").values("version")[:1]),
        tab=tab,
        minutes__isnull=False,
    ).select_related("unit", "calendar")
    return max(fitting, key=_precision, default=None)


def _precision(policy: ServicePolicy) -> tuple[int, bool, bool, str]:
    depth = len(policy.unit.ancestor_ids) if policy.unit else 0
    return depth, policy.problem_type_id is not None, policy.wo_type != "", policy.code


@transaction.atomic
def revise_policy(*, code: str, by: User, **values: Any) -> ServicePolicy:
    """Add a version of the target `code`; tickets made before keep theirs.

    Raises:
        Forbidden: `by` may not maintain targets.
        ValidationError: values that make no sense.
        Invalid: it would begin before the version that it replaces.
    """
    require(user=by, power=Power.MANAGE_TARGETS, unit=values.get("unit"))
    latest = ServicePolicy.objects.filter(code=code).order_by("-version").first()
    policy = ServicePolicy(code=code, version=latest.version + 1 if latest else 1, created_by=by, **values)
    policy.full_clean()
    if latest and policy.valid_from < latest.valid_from:
        message = _("The version in force began on %(day)s; begin on that day or later.")
        raise Invalid(message % {"day": latest.valid_from}, code="begins_too_early", field="valid_from")
    policy.save()
    return policy


def work_calendar(calendar: Calendar) -> WorkCalendar:
    """The calendar as the rules read it. Two queries, none for one that is around the clock."""
    if calendar.is_around_the_clock:
        return WorkCalendar(is_around_the_clock=True)
    return WorkCalendar(
        is_around_the_clock=False,
        intervals=tuple(Interval(it.weekday, it.starts, it.ends) for it in calendar.intervals.all()),
        holidays=frozenset(it.on for it in calendar.holidays.all()),
    )


def escalation_minutes(tab: str) -> list[int]:
    """The minutes around the due time at which somebody is told, ascending."""
    steps = EscalationStep.objects.filter(tab=tab).order_by("minutes")
    return list(steps.values_list("minutes", flat=True).distinct())


def told_at(tab: str, minutes: int) -> list[str]:
    """Whose inboxes the step at `minutes` reaches."""
    return list(EscalationStep.objects.filter(tab=tab, minutes=minutes).values_list("told", flat=True))
