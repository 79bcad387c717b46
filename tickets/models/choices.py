"""The field's own words, as the contract and the database write them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tab(models.TextChoices):
    """The two tabs of the report form (R-ALL-3)."""

    GANGGUAN = "GANGGUAN", "Gangguan"
    KELUHAN = "KELUHAN", "Keluhan"


class WorkOrderType(models.TextChoices):
    """Tipe WO of a report: straight to a crew, or to the command centre first."""

    WO_AUTODISPATCH = "WO_AUTODISPATCH", "WO Autodispatch"
    KWH_PERIKSA = "KWH_PERIKSA", "KWH PERIKSA"


class PowerState(models.TextChoices):
    PADAM = "PADAM", "Padam"
    MENYALA = "MENYALA", "Masih Menyala"


class Status(models.TextChoices):
    """Where a ticket stands. What may follow what is in `tickets.rules.moves`."""

    LAPOR = "LAPOR", "Lapor"
    LAPOR_PERIKSA = "LAPOR_PERIKSA", "Lapor (Keh Periksa)"
    MENUNGGU_KONFIRMASI = "MENUNGGU_KONFIRMASI", "Menunggu Konfirmasi"
    PENUGASAN_REGU = "PENUGASAN_REGU", "Penugasan Regu"
    DALAM_PERJALANAN = "DALAM_PERJALANAN", "Dalam Perjalanan"
    DALAM_PENGERJAAN = "DALAM_PENGERJAAN", "Dalam Pengerjaan"
    NYALA_SEMENTARA = "NYALA_SEMENTARA", "Nyala Sementara"
    NYALA = "NYALA", "Nyala"
    SELESAI = "SELESAI", "Selesai"
    ISSUE_CLOSED = "ISSUE_CLOSED", "Issue Closed"
    BATAL = "BATAL", "Batal"


CLOSED = (Status.SELESAI, Status.ISSUE_CLOSED, Status.BATAL)


class OrderStatus(models.TextChoices):
    """Where a work order stands; the words of the ticket, with the queue before and no confirmation."""

    ANTRE = "ANTRE", _("waiting for a crew")
    PENUGASAN_REGU = "PENUGASAN_REGU", "Penugasan Regu"
    DALAM_PERJALANAN = "DALAM_PERJALANAN", "Dalam Perjalanan"
    DALAM_PENGERJAAN = "DALAM_PENGERJAAN", "Dalam Pengerjaan"
    NYALA_SEMENTARA = "NYALA_SEMENTARA", "Nyala Sementara"
    NYALA = "NYALA", "Nyala"
    SELESAI = "SELESAI", "Selesai"
    BATAL = "BATAL", "Batal"


class DiagnosisStatus(models.TextChoices):
    """What the command centre made of a self-diagnosis."""

    SUBMITTED = "SUBMITTED", _("waiting for a decision")
    CTT_APPROVED = "CTT_APPROVED", _("CTT approved")
    OFFICER_SENT = "OFFICER_SENT", _("officer sent")


class IncidentStatus(models.TextChoices):
    """Where a wide outage stands, in the words that customers read."""

    PROPOSED = "PROPOSED", _("proposed")
    INFO = "INFO", "Info (Padam Meluas)"
    PERBAIKAN = "PERBAIKAN", _("Perbaikan oleh petugas")
    NYALA_BERTAHAP = "NYALA_BERTAHAP", "Nyala bertahap"
    NYALA = "NYALA", "Nyala"
    SELESAI = "SELESAI", "Selesai"
    DISMISSED = "DISMISSED", _("dismissed")


class EventKind(models.TextChoices):
    """What happened to a ticket. The stable words of webhooks and of the timeline."""

    CREATED = "CREATED", _("reported")
    MOVED = "MOVED", _("moved")
    EDITED = "EDITED", _("corrected")
    REPEATED = "REPEATED", _("reported again")
    MERGED = "MERGED", _("merged into another ticket")
    TOOK_IN = "TOOK_IN", _("took in another ticket")
    UNMERGED = "UNMERGED", _("taken apart again")
    PHOTO_ADDED = "PHOTO_ADDED", _("photo added")
    CONFIRMED = "CONFIRMED", _("customer confirmed the completion")
    DENIED = "DENIED", _("customer denied the completion")
    RATED = "RATED", _("customer rated the service")
    POSTPONED = "POSTPONED", _("confirmation date agreed")
    NEAR_DUE = "NEAR_DUE", _("service target near")
    OVERDUE = "OVERDUE", _("service target missed")
    ESCALATED = "ESCALATED", _("escalated")
    ORDER = "ORDER", _("work order changed")
    DIAGNOSED = "DIAGNOSED", _("self-diagnosis submitted")
    CTT_APPROVED = "CTT_APPROVED", _("CTT approved")
    CTT_DELIVERED = "CTT_DELIVERED", _("CTT delivered")
    OFFICER_SENT = "OFFICER_SENT", _("command centre sent an officer")
    INCIDENT = "INCIDENT", _("wide outage")
    SUSPECTED = "SUSPECTED", _("wide outage suspected")
