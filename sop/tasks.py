"""What the background does for SOPs. Each finds its own work and may run twice."""

from celery import shared_task
from django.utils import timezone

from sop.services import reviews


@shared_task
def remind_of_reviews() -> None:
    """Remind authors of SOPs that are due for review."""
    reviews.remind_of_reviews(at=timezone.now())
