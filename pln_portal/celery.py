"""The worker's and the scheduler's way in."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pln_portal.settings")

app = Celery("pln_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def use_djangos_logging(**kwargs: object) -> None:
    """Keep Celery from replacing the portal's log format (and its rule on personal data)."""
