"""Technical records every app may use: idempotency keys, background jobs, loaded reference files."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A caller's key for one creating request, with the answer that was given (see `common.idempotency`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    operation = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="null")
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = (
            models.UniqueConstraint(name="idempotency_key_once", fields=("user", "operation", "key")),
        )

    def __str__(self) -> str:
        return self.operation


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, at: datetime) -> JobQuerySet:
        return self.filter(status=Job.Status.WAITING, run_at__lte=at)

    def abandoned(self, at: datetime) -> JobQuerySet:
        """Running jobs whose worker has fallen silent."""
        return self.filter(status=Job.Status.RUNNING, leased_until__lt=at)

    def ready(self, at: datetime) -> JobQuerySet:
        return self.due(at) | self.abandoned(at)


class Job(models.Model):
    """Work for the background, written in the transaction that causes it (see `common.jobs`).

    The row is the truth; the broker only carries its number. Payloads hold ids, never personal data.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        PARKED = "PARKED", _("parked")

    kind = models.CharField(_("kind"), max_length=60)
    payload = models.JSONField(_("payload"), default=dict)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.WAITING)
    run_at = models.DateTimeField(_("due"))
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("caused by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        ordering = ("-pk",)
        indexes = (
            models.Index(
                name="job_not_done",
                fields=("run_at",),
                condition=Q(status__in=("WAITING", "RUNNING", "PARKED")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ReferenceLoad(models.Model):
    """Which version of a reference file is in the database, so that a second start has nothing to do."""

    name = models.CharField(max_length=60, primary_key=True)
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("reference file")
        verbose_name_plural = _("reference files")

    def __str__(self) -> str:
        return self.name
