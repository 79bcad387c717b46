"""The words of the subject: what is wanted, what a unit has, who asks, how it ended."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Transaction(models.TextChoices):
    """What the applicant wants (R-002-3). MIGRASI (Migrasi Murni) is judged as PD."""

    PB = "PB", _("New connection (PB)")
    PD = "PD", _("Change of power (PD)")
    MIGRASI = "MIGRASI", _("Pure migration (Migrasi Murni)")


class Availability(models.TextChoices):
    """Which meters a unit has, for one phase (R-002-5)."""

    ALL = "ALL", _("ALL (Pascabayar and Prabayar)")
    PASCABAYAR = "PASCABAYAR", "Pascabayar"
    PRABAYAR = "PRABAYAR", "Prabayar"


class Channel(models.TextChoices):
    """Where the question comes from (R-002-3). It never changes the answer (R-002-7)."""

    CC123 = "CC123", "CC PLN 123"
    WEB_PLN = "WEB_PLN", "Web PLN"
    PLN_MOBILE = "PLN_MOBILE", "PLN Mobile"
    FIELD = "FIELD", _("Field officer")


class Outcome(models.TextChoices):
    """What the answer to a check was."""

    SERVED = "SERVED", _("served")
    OFFER_OTHER = "OFFER_OTHER", _("the other product was offered")
    NOTHING_SERVED = "NOTHING_SERVED", _("neither product can be served")
    NOT_SET = "NOT_SET", _("the unit has not set its meters")


class MatrixStatus(models.TextChoices):
    DRAFT = "DRAFT", _("draft")
    PUBLISHED = "PUBLISHED", _("published")
