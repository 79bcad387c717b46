"""Units, areas, which unit serves which area, and the positions that people hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from units.powers import POWERS, Power, Reach, Role


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """Superusers see every account; others those whose positions all lie within their own reach."""
        if user.is_superuser:
            return self
        if not user.may(Power.MANAGE_POSITIONS):
            return self.none()
        beyond = Position.objects.active(timezone.now()).exclude(user.within(Power.MANAGE_POSITIONS))
        return self.filter(is_superuser=False).exclude(pk__in=beyond.values("holder"))


class Accounts(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Accounts are made by Django's own manager."""

    use_in_migrations = False


class User(AbstractUser):
    """An account. What it may do comes from its positions, see `units.powers`."""

    objects: ClassVar[Accounts] = Accounts()

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")  # type: ignore[assignment]
        verbose_name_plural = _("accounts")  # type: ignore[assignment]

    @cached_property
    def positions_in_force(self) -> list[Position]:
        """The positions held now. Read once per request: each request loads its user anew."""
        return list(self.positions.active(timezone.now()).select_related("unit"))

    def may(self, power: Power | str, unit: Unit | None = None) -> bool:
        """Whether some position in force allows `power` at `unit`, or anywhere when no unit is named."""
        return any(position.allows(Power(power), unit) for position in self.positions_in_force)

    def within(self, power: Power | str, field: str = "unit") -> Q:
        """A filter for the rows whose `field` is a unit that `power` reaches; none without the power."""
        reached = Q(pk__in=[])
        for position in self.positions_in_force:
            reached |= position.reach_of(Power(power), field)
        return reached


class TimeZone(models.TextChoices):
    """The three zones of Indonesia."""

    WIB = "Asia/Jakarta", "WIB"
    WITA = "Asia/Makassar", "WITA"
    WIT = "Asia/Jayapura", "WIT"


class UnitKind(models.TextChoices):
    """Levels of the unit tree, from the head office down to the post that crews leave from."""

    PUSAT = "PUSAT", _("Head office")
    UID = "UID", "UID"
    UIW = "UIW", "UIW"
    UP3 = "UP3", "UP3"
    ULP = "ULP", "ULP"
    POSKO = "POSKO", "Posko"


PARENT_KINDS = {
    UnitKind.PUSAT: (),
    UnitKind.UID: (UnitKind.PUSAT,),
    UnitKind.UIW: (UnitKind.PUSAT,),
    UnitKind.UP3: (UnitKind.UID, UnitKind.UIW),
    UnitKind.ULP: (UnitKind.UP3,),
    UnitKind.POSKO: (UnitKind.UP3, UnitKind.ULP),
}

ROLE_SEATS = {
    Role.MANAGER_UP3: (UnitKind.UP3,),
    Role.SRM_NIAGA: (UnitKind.UID, UnitKind.UIW),
    Role.POSKO_OFFICER: (UnitKind.POSKO, UnitKind.ULP, UnitKind.UP3),
}


def in_force(on: date, prefix: str = "") -> Q:
    """Rows whose calendar-date validity (both ends inclusive, open end allowed) covers `on`."""
    return Q(**{f"{prefix}valid_from__lte": on}) & (
        Q(**{f"{prefix}valid_until__isnull": True}) | Q(**{f"{prefix}valid_until__gte": on})
    )


class UnitQuerySet(models.QuerySet["Unit"]):
    def visible_to(self, user: User) -> UnitQuerySet:
        return self.filter(user.within(Power.SEE_UNITS, field=""))

    def in_force(self, on: date) -> UnitQuerySet:
        return self.filter(in_force(on))

    def below(self, unit: Unit) -> UnitQuerySet:
        """`unit` itself and everything under it."""
        return self.filter(path__startswith=unit.path)

    def named(self, text: str) -> UnitQuerySet:
        """Units whose code, name or alias holds `text`."""
        return self.filter(
            Q(code__istartswith=text) | Q(name__icontains=text) | Q(aliases__name__icontains=text)
        ).distinct()


class Unit(models.Model):
    """One unit of the organisation. Names, parents and codes change; hence validity and aliases."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=5, choices=UnitKind.choices, db_index=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent unit")
    )
    path = models.CharField(max_length=100, db_index=True, editable=False)
    time_zone = models.CharField(
        _("time zone"), max_length=20, choices=TimeZone.choices, default=TimeZone.WIB
    )
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    is_provisional = models.BooleanField(
        _("provisional"),
        default=False,
        help_text=_("The code or the unit itself has no public source; replace it with your own."),
    )
    basis = models.CharField(_("basis"), max_length=200, blank=True)

    history = HistoricalRecords(excluded_fields=["path"])
    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                name="unit_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.UniqueConstraint(
                name="unit_one_head_office",
                fields=("kind",),
                condition=Q(kind="PUSAT"),
                violation_error_message=_("There is one head office only."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        allowed = PARENT_KINDS.get(UnitKind(self.kind), ()) if self.kind in UnitKind.values else ()
        if (self.parent.kind if self.parent else None) not in (allowed or (None,)):
            raise ValidationError({"parent": _("A unit of this kind cannot stand under that parent.")})
        if self.parent and self.pk and self.parent.path.startswith(self.path):
            raise ValidationError({"parent": _("A unit cannot stand under itself.")})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def ancestor_ids(self) -> list[int]:
        """Primary keys from the head office down to this unit, this one last."""
        return [int(part) for part in self.path.split("/") if part]

    def local_date(self, at: datetime) -> date:
        """The calendar date at this unit at the moment `at`."""
        return at.astimezone(self.zone).date()

    def is_within(self, other: Unit) -> bool:
        """True for `other` itself and for every unit below it."""
        return self.path.startswith(other.path)


class UnitAlias(models.Model):
    """Another name under which a unit is known, e.g. DISTRIBUSI JAKARTA RAYA."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="aliases", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        constraints = (models.UniqueConstraint(name="unit_alias_once", fields=("unit", "name")),)

    def __str__(self) -> str:
        return self.name


class AreaLevel(models.IntegerChoices):
    PROVINSI = 1, "Provinsi"
    KABUPATEN = 2, "Kabupaten/Kota"
    KECAMATAN = 3, "Kecamatan"
    DESA = 4, "Desa/Kelurahan"


class AreaQuerySet(models.QuerySet["Area"]):
    def visible_to(self, user: User) -> AreaQuerySet:
        return self if user.may(Power.SEE_UNITS) else self.none()


class Area(models.Model):
    """An administrative area with its Kemendagri code (`31.71.01.1001`); the code holds its parents."""

    code = models.CharField(_("code"), max_length=13, primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    display_name = models.CharField(_("display name"), max_length=100)
    level = models.PositiveSmallIntegerField(_("level"), choices=AreaLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", verbose_name=_("parent area")
    )
    time_zone = models.CharField(_("time zone"), max_length=20, choices=TimeZone.choices)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.display_name

    @property
    def lineage(self) -> list[str]:
        """Codes from the province down to this area, this one last."""
        parts = self.code.split(".")
        return [".".join(parts[: depth + 1]) for depth in range(len(parts))]


class ServiceAreaQuerySet(models.QuerySet["ServiceArea"]):
    def visible_to(self, user: User) -> ServiceAreaQuerySet:
        return self.filter(user.within(Power.SEE_UNITS))

    def serving(self, area: Area, on: date) -> ServiceAreaQuerySet:
        """Rows that cover `area` on `on`, the most specific first."""
        rows = self.filter(in_force(on), in_force(on, "unit__"), area__in=area.lineage)
        return rows.order_by(Length("area_id").desc(), "-valid_from", "-pk")


class ServiceArea(models.Model):
    """Which unit serves an area, at any level of the area tree. The most specific row wins."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="service", verbose_name=_("area"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="service_areas", verbose_name=_("unit"))
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=200, blank=True)

    history = HistoricalRecords()
    objects = ServiceAreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("service area")
        verbose_name_plural = _("service areas")
        ordering = ("area_id", "-valid_from")
        constraints = (
            models.CheckConstraint(
                name="service_area_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.UniqueConstraint(
                name="service_area_once_a_day",
                fields=("area", "valid_from"),
                violation_error_message=_("This area already has a unit from that day."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.area_id} → {self.unit}"

    def clean(self) -> None:
        if self.area_id and self.valid_from and self._overlapping().exists():
            raise ValidationError({"valid_from": _("Another unit serves this area in that time.")})

    def _overlapping(self) -> ServiceAreaQuerySet:
        others = ServiceArea.objects.filter(area_id=self.area_id).exclude(pk=self.pk)
        others = others.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=self.valid_from))
        if self._state.adding:  # a new row ends the open one, see `units.services.service_areas`
            others = others.exclude(valid_until__isnull=True, valid_from__lt=self.valid_from)
        return others.filter(valid_from__lte=self.valid_until) if self.valid_until else others


class PositionQuerySet(models.QuerySet["Position"]):
    def visible_to(self, user: User) -> PositionQuerySet:
        return self.filter(user.within(Power.MANAGE_POSITIONS))

    def active(self, at: datetime) -> PositionQuerySet:
        """Positions in force at the moment `at`: begun, and not ended."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


class Position(models.Model):
    """A role at a unit, held by somebody for a time. Ending it ends its powers at once."""

    holder = models.ForeignKey(User, models.PROTECT, related_name="positions", verbose_name=_("holder"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="positions", verbose_name=_("unit"))
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_acting = models.BooleanField(_("acting (Plt.)"), default=False)
    decree_number = models.CharField(_("decree number"), max_length=60, blank=True)

    history = HistoricalRecords()
    objects = PositionQuerySet.as_manager()

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        ordering = ("-starts_at", "-pk")
        indexes = (models.Index(fields=("holder", "ends_at")),)
        constraints = (
            models.CheckConstraint(
                name="position_time_in_order",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                violation_error_message=_("The end lies before the beginning."),
            ),
        )

    def __str__(self) -> str:
        acting = "Plt. " if self.is_acting else ""
        return f"{acting}{self.get_role_display()}, {self.unit}"

    def is_in_force(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def allows(self, power: Power, unit: Unit | None = None) -> bool:
        """Whether this position gives `power` at `unit` (anywhere, when no unit is named)."""
        reach = POWERS[Role(self.role)].get(power)
        if reach is None or unit is None or reach == Reach.EVERYWHERE:
            return reach is not None
        return unit.pk == self.unit_id if reach == Reach.OWN else unit.is_within(self.unit)

    def reach_of(self, power: Power, field: str) -> Q:
        """A filter for rows whose `field` is a unit that `power` reaches from this position."""
        reach = POWERS[Role(self.role)].get(power)
        if reach is None:
            return Q(pk__in=[])
        if reach == Reach.OWN:
            return Q(**{field or "pk": self.unit_id})
        if reach == Reach.EVERYWHERE or self.unit.kind == UnitKind.PUSAT:
            return ~Q(pk__in=[])
        return Q(**{f"{field}__path__startswith".removeprefix("__"): self.unit.path})

    def clean(self) -> None:
        seats = ROLE_SEATS.get(Role(self.role)) if self.role in Role.values else None
        if seats and self.unit_id and self.unit.kind not in seats:
            raise ValidationError({"unit": _("This role cannot be held at a unit of that kind.")})
