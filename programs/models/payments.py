"""Payments as the billing system's files say them, and the files they came from."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat, RPad
from django.utils.translation import gettext_lazy as _

from customers.models import Product
from programs.models.program import Program
from programs.rules import Month, Rule
from units.models import Unit, User
from units.powers import Power

TARIFF_WIDTH, UNIT_WIDTH = 6, 12


class PaymentKind(models.TextChoices):
    PAYMENT = "PAYMENT", _("payment")
    REVERSAL = "REVERSAL", _("reversal")


class ImportQuerySet(models.QuerySet["PaymentImport"]):
    def visible_to(self, user: User) -> ImportQuerySet:
        return self.filter(user.within(Power.RUN_PROGRAMS))


class PaymentImport(models.Model):
    """One payment file: read, checked and applied as a whole, or not at all.

    `digest` is that of the unpacked content. `report` holds `[line, column, code]` rows, the first thousand;
    the words are made when somebody reads it. The file itself is deleted when the import is over.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        RUNNING = "RUNNING", _("running")
        APPLIED = "APPLIED", _("applied")
        FAILED = "FAILED", _("refused")
        CANCELLED = "CANCELLED", _("cancelled")
        REPLACED = "REPLACED", _("replaced by a corrected file")

    class Stage(models.TextChoices):
        READING = "READING", _("reading and writing")
        CHECKING = "CHECKING", _("checking as a whole")
        FINDING = "FINDING", _("finding the lines to blame")

    program = models.ForeignKey(
        Program, models.PROTECT, related_name="payment_imports", verbose_name=_("program")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    file = models.FileField(_("file"), upload_to="payment-imports", blank=True, editable=False)
    file_name = models.CharField(_("file"), max_length=120)
    file_size = models.PositiveBigIntegerField(_("size (bytes)"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.WAITING)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage.choices, blank=True)
    bytes_read = models.PositiveBigIntegerField(_("bytes read"), default=0)
    row_count = models.PositiveBigIntegerField(_("rows"), default=0)
    error_count = models.PositiveIntegerField(_("errors"), default=0)
    report = models.JSONField(_("report"), default=list)
    replaces = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
        help_text=_("The rows of that import are taken out when this one is applied."),
    )
    cancel_asked = models.BooleanField(_("cancelling"), default=False)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment import")
        verbose_name_plural = _("payment imports")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="payment_file_once",
                fields=("digest",),
                condition=Q(status="APPLIED"),
                violation_error_message=_("This file has been imported already."),
            ),
            models.UniqueConstraint(
                name="payment_import_replaced_once",
                fields=("replaces",),
                condition=Q(status="APPLIED"),
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.WAITING, self.Status.RUNNING)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def standing(self) -> PaymentQuerySet:
        """Payments that were not taken back."""
        reversal = Payment.objects.filter(
            idpel=OuterRef("idpel"),
            period=OuterRef("period"),
            reference=OuterRef("reference"),
            kind=PaymentKind.REVERSAL,
        )
        return self.filter(~Exists(reversal), kind=PaymentKind.PAYMENT)

    def counting(self, rule: Rule) -> PaymentQuerySet:
        """The rule in SQL: every payment that makes its month count. `programs.rules` says it in Python."""
        rows = self.standing().filter(_in_window(rule.months), unit_code__in=sorted(rule.unit_codes))
        rows = rows.filter(product__in=sorted(rule.products))
        if rule.excluded_kogol:
            rows = rows.exclude(kogol__in=sorted(rule.excluded_kogol))
        if rule.tariffs:
            rows = rows.filter(tariff__in=sorted(rule.tariffs))
        if rule.min_va is not None:
            rows = rows.filter(power_va__gte=rule.min_va)
        if rule.max_va is not None:
            rows = rows.filter(power_va__lte=rule.max_va)
        return rows

    def eligible(self, rule: Rule) -> QuerySet[Payment, Any]:
        """One row per customer who paid in time in every month: `idpel`, and `listed` (see `listing`)."""
        rows: QuerySet[Payment, Any] = self.counting(rule).values("idpel")
        for number, month in enumerate(rule.months):
            counted = Max(Case(When(period=month.period, then=1)))
            rows = rows.annotate(**{f"month_{number}": counted}).filter(**{f"month_{number}": 1})
        last = rule.months[-1].period
        return rows.annotate(listed=Max(Case(When(period=last, then=listing())))).values("idpel", "listed")


def listing() -> Concat:
    """Tariff and unit as the last month's bill names them, in fixed width behind the reference.

    Of several payments of that month the one with the greatest reference names them; the tab sorts below
    every character of a reference.
    """
    return Concat(
        F("reference"),
        Value("\t"),
        RPad("tariff", TARIFF_WIDTH, Value(" ")),
        RPad("unit_code", UNIT_WIDTH, Value(" ")),
    )


def _in_window(months: tuple[Month, ...]) -> Q:
    window = Q()
    for month in months:
        window |= Q(period=month.period, paid_at__gte=month.opens_at, paid_at__lt=month.closes_at)
    return window


class Payment(models.Model):
    """One line of a payment file, in the bill's own words: where and what the customer was at the time.

    The key is the billing system's: a payment and its reversal carry the same reference. There are tens of
    millions of these, so that nothing here costs a look-up per row: customer, unit and tariff were checked
    when the file was applied, and are kept as the codes that the bill says.
    """

    pk = models.CompositePrimaryKey("idpel", "period", "reference", "kind")
    idpel = models.CharField("IDPEL", max_length=12)
    period = models.CharField(_("bill month"), max_length=7)
    reference = models.CharField(_("reference"), max_length=32)
    kind = models.CharField(_("kind"), max_length=8, choices=PaymentKind.choices)
    paid_at = models.DateTimeField(_("paid at"))
    amount = models.PositiveBigIntegerField(_("amount (Rp)"))
    product = models.CharField(_("product"), max_length=10, choices=Product.choices)
    tariff = models.CharField(_("tariff"), max_length=TARIFF_WIDTH)
    power_va = models.PositiveIntegerField(_("power (VA)"))
    kogol = models.PositiveSmallIntegerField(_("kogol"))
    unit_code = models.CharField(_("unit"), max_length=UNIT_WIDTH)
    payment_import = models.ForeignKey(
        PaymentImport,
        models.PROTECT,
        related_name="payments",
        db_constraint=False,
        db_index=False,
        verbose_name=_("import"),
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = (
            models.Index(
                name="payment_reversed",
                fields=("idpel", "period", "reference"),
                condition=Q(kind="REVERSAL"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.period} {self.reference}"


class PaymentDay(models.Model):
    """How many bills of a month were paid on which local day, per import: what the charts draw."""

    payment_import = models.ForeignKey(PaymentImport, models.CASCADE, related_name="days")
    period = models.CharField(max_length=7)
    paid_on = models.DateField()
    payments = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("payment day")
        verbose_name_plural = _("payment days")
        constraints = (
            models.UniqueConstraint(name="payment_day_once", fields=("payment_import", "period", "paid_on")),
        )
