"""What the background does for tickets. Each finds its own work and may run twice."""

from celery import shared_task
from django.utils import timezone

from common.jobs import handles
from tickets.services import announce, clock, ledger, numbering


@handles(ledger.ANNOUNCE)
def announce_event(event: int) -> None:
    announce.announce(event_id=event)


@shared_task
def ring_alerts() -> None:
    """Tell units of tickets that near or pass their service target."""
    clock.ring_alerts(at=timezone.now())


@shared_task
def drop_serials() -> None:
    numbering.drop_serials()
