"""What the background does for tickets. Each finds its own work and may run twice."""

from celery import shared_task
from django.utils import timezone

from common.jobs import handles
from tickets.services import announce, clock, ctt, dispatch, incidents, ledger, numbering, orders, webhooks


@handles(ledger.ANNOUNCE)
def announce_event(event: int) -> None:
    announce.announce(event_id=event)


@handles(orders.DISPATCH)
def dispatch_order(order: int) -> None:
    dispatch.dispatch(order_id=order, at=timezone.now())


@handles(ctt.SEND)
def send_ctt(delivery: int) -> None:
    ctt.send_message(delivery_id=delivery, at=timezone.now())


@handles(incidents.FOLLOW)
def follow_incident(incident: int, version: int, after: int) -> None:
    incidents.follow(incident_id=incident, version=version, after=after, at=timezone.now())


@shared_task
def dispatch_waiting() -> None:
    """Try the orders that wait for a crew, and whatever a lost worker left."""
    dispatch.dispatch_waiting(at=timezone.now())


@shared_task
def sweep_webhooks() -> None:
    """Give each delivery that is due to a worker of its own: a slow receiver holds up no other."""
    for delivery in webhooks.take_due(at=timezone.now()):
        send_webhook.delay(delivery)


@shared_task
def send_webhook(delivery: int) -> None:
    webhooks.send(delivery_id=delivery, at=timezone.now())


@shared_task
def ring_alerts() -> None:
    """Tell units of tickets that near or pass their service target."""
    clock.ring_alerts(at=timezone.now())


@shared_task
def drop_serials() -> None:
    numbering.drop_serials()
