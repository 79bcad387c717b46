"""Customers with their meters and phone numbers, the terms they are supplied under, and who read what."""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from common.moments import long_moment
from units.models import Area, Position, Unit, User, in_force
from units.powers import Power, Role

MAX_POWER_VA = 200_000_000


class Product(models.TextChoices):
    """How electricity is paid for."""

    PASCABAYAR = "PASCABAYAR", "Pascabayar"
    PRABAYAR = "PRABAYAR", "Prabayar"


class Phase(models.IntegerChoices):
    ONE = 1, _("1 Phasa")
    THREE = 3, _("3 Phasa")


class TariffQuerySet(models.QuerySet["Tariff"]):
    def in_force(self, on: date) -> TariffQuerySet:
        return self.filter(in_force(on))


class Tariff(models.Model):
    """A tariff group as the portal writes it (R1M; AP2T adds a T for prabayar). Reference data, editable."""

    code = models.CharField(
        _("code"),
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9]+\Z", _("Use A–Z and 0–9."))],
    )
    name = models.CharField(_("name"), max_length=120)
    min_va = models.PositiveIntegerField(_("from (VA)"), null=True, blank=True)
    max_va = models.PositiveIntegerField(_("up to (VA)"), null=True, blank=True)
    subsidised_up_to_va = models.PositiveIntegerField(
        _("subsidised up to (VA)"), null=True, blank=True, help_text=_("Empty: never subsidised.")
    )
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = HistoricalRecords()
    objects = TariffQuerySet.as_manager()

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                name="tariff_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(
                name="tariff_powers_in_order",
                condition=Q(min_va__isnull=True) | Q(max_va__isnull=True) | Q(max_va__gte=F("min_va")),
                violation_error_message=_("The highest power is below the lowest."),
            ),
        )

    def __str__(self) -> str:
        return self.code

    def is_subsidised_at(self, power_va: int) -> bool:
        """Whether a customer of this tariff with `power_va` is subsidised (R1 up to 900 VA, not R1M)."""
        return self.subsidised_up_to_va is not None and power_va <= self.subsidised_up_to_va


class PowerStep(models.Model):
    """A standard power with its limiter. It belongs to one phase, so that the phase follows from it."""

    va = models.PositiveIntegerField(_("power (VA)"), unique=True, validators=[MinValueValidator(1)])
    phase = models.PositiveSmallIntegerField(_("phase"), choices=Phase.choices)
    limiter_a = models.PositiveIntegerField(_("limiter (A)"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("power step")
        verbose_name_plural = _("power steps")
        ordering = ("va",)
        constraints = (
            models.CheckConstraint(name="power_step_phase", condition=Q(phase__in=(1, 3))),
            models.CheckConstraint(name="power_step_positive", condition=Q(va__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.va} VA"


class Kogol(models.Model):
    """Kode golongan: what kind of body a customer is. 1, 2 and 3 are government (seed 004)."""

    code = models.PositiveSmallIntegerField(_("code"), primary_key=True, validators=[MaxValueValidator(9)])
    label = models.CharField(_("label"), max_length=80)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kogol")
        verbose_name_plural = _("kogol")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User) -> CustomerQuerySet:
        return self.filter(user.within(Power.SEE_CUSTOMERS))


class Customer(models.Model):
    """A connection with its holder. Who it is and where stays masked; see `customers.services.privacy`.

    The IDPEL does not follow reorganisations, so the unit is a field of its own. The NIK is kept encrypted,
    with a keyed hash to find it by.
    """

    PERSONAL = ("name", "street", "building_number", "rt", "rw", "landmark", "nik_encrypted", "nik_hash")

    idpel = models.CharField(
        "IDPEL", max_length=12, unique=True, validators=[RegexValidator(r"^[0-9]{12}\Z", _("12 digits."))]
    )
    name = models.CharField(_("name"), max_length=120)
    street = models.CharField(_("street"), max_length=160)
    building_number = models.CharField(_("building number"), max_length=20, blank=True)
    rt = models.CharField("RT", max_length=3, blank=True)
    rw = models.CharField("RW", max_length=3, blank=True)
    landmark = models.CharField(_("landmark"), max_length=160, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, related_name="customers", verbose_name=_("area"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="customers", verbose_name=_("serving unit"))
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="customers", verbose_name=_("tariff"))
    power_va = models.PositiveIntegerField(
        _("power (VA)"), validators=[MinValueValidator(1), MaxValueValidator(MAX_POWER_VA)]
    )
    phase = models.PositiveSmallIntegerField(_("phase"), choices=Phase.choices)
    product = models.CharField(_("product"), max_length=10, choices=Product.choices)
    kogol = models.ForeignKey(Kogol, models.PROTECT, related_name="+", default=0, verbose_name=_("kogol"))
    nik_encrypted = models.BinaryField(null=True, editable=False)
    nik_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    is_demo = models.BooleanField(_("demo data"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    history = HistoricalRecords(excluded_fields=list(PERSONAL))
    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("idpel",)
        constraints = (
            models.CheckConstraint(
                name="customer_idpel_12_digits", condition=Q(idpel__regex=r"^[0-9]{12}\Z")
            ),
            models.CheckConstraint(name="customer_phase", condition=Q(phase__in=(1, 3))),
            models.CheckConstraint(name="customer_product", condition=Q(product__in=Product.values)),
            models.CheckConstraint(
                name="customer_power_in_range", condition=Q(power_va__gt=0, power_va__lte=MAX_POWER_VA)
            ),
        )

    def __str__(self) -> str:
        return self.idpel

    @property
    def is_subsidised(self) -> bool:
        return self.tariff.is_subsidised_at(self.power_va)

    @property
    def current_meter(self) -> Meter | None:
        """The meter that hangs there now; from the prefetched meters where there are any."""
        return next((meter for meter in self.meters.all() if meter.removed_on is None), None)


class Meter(models.Model):
    """A meter (APP) at a customer's premises, from `installed_on` until `removed_on`."""

    number = models.CharField(
        _("meter number"),
        max_length=11,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{11}\Z", _("11 digits."))],
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="meters", verbose_name=_("customer"))
    brand = models.CharField(_("brand"), max_length=40, blank=True)
    installed_on = models.DateField(_("installed on"))
    removed_on = models.DateField(_("removed on"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        ordering = ("-installed_on", "-pk")
        constraints = (
            models.CheckConstraint(name="meter_number_11_digits", condition=Q(number__regex=r"^[0-9]{11}\Z")),
            models.CheckConstraint(
                name="meter_time_in_order",
                condition=Q(removed_on__isnull=True) | Q(removed_on__gte=F("installed_on")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.UniqueConstraint(
                name="meter_one_in_use",
                fields=("customer",),
                condition=Q(removed_on__isnull=True),
                violation_error_message=_("This customer already has a meter in use."),
            ),
        )

    def __str__(self) -> str:
        return self.number


class PhoneKind(models.TextChoices):
    """PSTN numbers are never sent a message."""

    PSTN = "PSTN", "PSTN"
    MOBILE = "MOBILE", _("mobile")


class PhoneNumber(models.Model):
    """A number that a customer can be reached at, in E.164 (`+62…`)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones", verbose_name=_("customer"))
    number = models.CharField(_("phone number"), max_length=16, db_index=True)
    kind = models.CharField(_("kind"), max_length=6, choices=PhoneKind.choices)

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="phone_once_per_customer", fields=("customer", "number")),
            models.CheckConstraint(
                name="phone_number_e164", condition=Q(number__regex=r"^\+[1-9][0-9]{6,14}\Z")
            ),
        )

    def __str__(self) -> str:
        return str(_("phone number"))


class AccessLogQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> AccessLogQuerySet:
        return self.filter(user.within(Power.SEE_ACCESS_LOG))


class AccessLog(AppendOnlyModel):
    """Who read personal data in full, or took customers out of the portal, when and why. Never changed."""

    class Kind(models.TextChoices):
        REVEAL = "REVEAL", _("revealed")
        EXPORT = "EXPORT", _("exported")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="accesses", verbose_name=_("customer")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    reader = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who"))
    position = models.ForeignKey(Position, models.PROTECT, related_name="+", verbose_name=_("position"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    fields = models.JSONField(_("fields"))
    reason = models.CharField(_("reason"), max_length=500)
    row_count = models.PositiveIntegerField(_("rows"), default=1)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    at = models.DateTimeField(_("when"), db_index=True)

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to personal data")
        verbose_name_plural = _("accesses to personal data")
        ordering = ("-at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="access_reveal_names_customer", condition=~Q(kind="REVEAL") | Q(customer__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {long_moment(self.at)}"


class CustomerImportQuerySet(models.QuerySet["CustomerImport"]):
    def visible_to(self, user: User) -> CustomerImportQuerySet:
        return self.filter(user.within(Power.MANAGE_CUSTOMERS))


class CustomerImport(models.Model):
    """A file of new customers: checked line by line, then applied as a whole or not at all.

    The content is kept encrypted, and only until the import is over. `report` holds
    `[line, column, code, params]` rows; the words are made when somebody reads it.
    """

    class Status(models.TextChoices):
        CHECKING = "CHECKING", _("being checked")
        READY = "READY", _("checked, ready to apply")
        FAILED = "FAILED", _("has errors")
        APPLYING = "APPLYING", _("being applied")
        APPLIED = "APPLIED", _("applied")

    file_name = models.CharField(_("file"), max_length=120)
    content = models.BinaryField(null=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.CHECKING)
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    error_count = models.PositiveIntegerField(_("errors"), default=0)
    report = models.JSONField(_("report"), default=list)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    applied_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("applied by")
    )
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = CustomerImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer import")
        verbose_name_plural = _("customer imports")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY
