"""Moments as people read them."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def long_moment(at: datetime) -> str:
    """18 Februari 2022, 14.30 WIB: in the reader's zone and language."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def short_moment(at: datetime) -> str:
    """The same with the month in three letters."""
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
