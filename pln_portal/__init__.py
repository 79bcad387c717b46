"""Composition root: settings, URLs, admin site, Celery. Nobody imports it."""

from pln_portal.celery import app as celery_app

__all__ = ("celery_app",)
