"""Evaluations: the list of eligible customers, frozen under a digest, and the draw from it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from programs.models.payments import TARIFF_WIDTH
from programs.models.program import Program
from units.models import Unit, User
from units.powers import Power


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User) -> EvaluationQuerySet:
        return self.filter(
            user.within(Power.RUN_PROGRAMS, "program__unit")
            | user.within(Power.APPROVE_PROGRAMS, "program__unit")
        )


class Evaluation(models.Model):
    """One answer to "who is eligible?". It names the rule it used; done, it never changes.

    `digest` covers the rule and every entry, in the canonical form of `programs.services.evaluations`.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")
        CANCELLED = "CANCELLED", _("cancelled")

    class Stage(models.TextChoices):
        CHOOSING = "CHOOSING", _("applying the rule to every payment")
        LISTING = "LISTING", _("writing the list")
        SEALING = "SEALING", _("computing the digest")

    program = models.ForeignKey(
        Program, models.PROTECT, related_name="evaluations", verbose_name=_("program")
    )
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.WAITING)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage.choices, blank=True)
    rule = models.TextField(_("rule"), blank=True)
    payment_imports = models.JSONField(
        _("payment imports"), null=True, editable=False, help_text=_("In force when it began, by number.")
    )
    entry_count = models.PositiveIntegerField(_("eligible customers"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    cancel_asked = models.BooleanField(_("cancelling"), default=False)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="evaluation_one_at_a_time",
                fields=("program",),
                condition=Q(status__in=("WAITING", "RUNNING")),
                violation_error_message=_("An evaluation of this program is under way."),
            ),
            models.CheckConstraint(
                name="evaluation_done_has_digest", condition=~Q(status="DONE") | ~Q(digest="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.program} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.WAITING, self.Status.RUNNING)


class Entry(AppendOnlyModel):
    """An eligible customer in one evaluation, under the tariff and UP3 of the last month's bill.

    Written by one set-based statement from rows that are there, hence without a look-up per row; a trigger
    refuses entries once the evaluation is done.
    """

    pk = models.CompositePrimaryKey("evaluation_id", "idpel")
    evaluation = models.ForeignKey(
        Evaluation, models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    idpel = models.CharField("IDPEL", max_length=12)
    tariff = models.CharField(_("tariff"), max_length=TARIFF_WIDTH)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")


class EntryCount(AppendOnlyModel):
    """How many are eligible in each UP3 and tariff: what dashboards show without counting millions."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="counts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    tariff = models.CharField(_("tariff"), max_length=TARIFF_WIDTH)
    entries = models.PositiveIntegerField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry count")
        verbose_name_plural = _("entry counts")
        constraints = (
            models.UniqueConstraint(name="entry_count_once", fields=("evaluation", "unit", "tariff")),
        )


class Seed(AppendOnlyModel):
    """What one of the two people gave to the draw: the hash of a secret, or the second seed.

    A lost secret may be committed to anew until the second seed is there; the newest commitment rules.
    """

    class Kind(models.TextChoices):
        COMMITMENT = "COMMITMENT", _("commitment to a secret")
        SECOND = "SECOND", _("second seed")

    program = models.ForeignKey(Program, models.PROTECT, related_name="seeds", verbose_name=_("program"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("value"), max_length=100)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("seed of the draw")
        verbose_name_plural = _("seeds of the draw")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                name="draw_second_seed_once", fields=("program",), condition=Q(kind="SECOND")
            ),
        )


class Draw(AppendOnlyModel):
    """The one draw of a program. Anybody can recompute it: SHA-256 of seed and IDPEL, smallest first."""

    program = models.OneToOneField(Program, models.PROTECT, related_name="draw", verbose_name=_("program"))
    secret = models.CharField(_("secret"), max_length=100)
    seed = models.CharField(_("seed"), max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
