"""Documents, their versions, where each version applies, and who has read it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from units.models import Unit, User, in_force
from units.powers import Power


def effective(on: date, prefix: str = "") -> Q:
    """Rows whose effective dates (both ends inclusive, open end allowed) cover `on`."""
    return Q(**{f"{prefix}effective_from__lte": on}) & (
        Q(**{f"{prefix}effective_until__isnull": True}) | Q(**{f"{prefix}effective_until__gte": on})
    )


class VersionStatus(models.TextChoices):
    """What people decided. Expired and superseded follow from dates and are never stored."""

    DRAFT = "DRAFT", _("draft")
    IN_REVIEW = "IN_REVIEW", _("in review")
    PUBLISHED = "PUBLISHED", _("published")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")


SEALED = (VersionStatus.PUBLISHED, VersionStatus.WITHDRAWN)


class SopDocumentQuerySet(models.QuerySet["SopDocument"]):
    def visible_to(self, user: User) -> SopDocumentQuerySet:
        """Documents with a published version for every reader; others for those who write or approve."""
        readable = SopVersion.objects.visible_to(user).values("document")
        own = user.within(Power.AUTHOR_SOP, "owner_unit") | user.within(Power.APPROVE_SOP, "owner_unit")
        return self.filter(Q(pk__in=readable) | own)


class SopDocument(models.Model):
    """One subject that agents follow rules about, over all its versions."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    owner_unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="sop_documents", verbose_name=_("owner unit")
    )
    tags = models.JSONField(_("tags"), default=list, blank=True)
    demands_acknowledgement = models.BooleanField(
        _("demands acknowledgement"),
        default=False,
        help_text=_("An agent confirms a new version before running its procedures."),
    )
    review_interval_months = models.PositiveSmallIntegerField(
        _("review every (months)"), null=True, blank=True
    )
    reviewed_on = models.DateField(_("last reviewed"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = SopDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("SOP")
        verbose_name_plural = _("SOPs")
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class SopVersionQuerySet(models.QuerySet["SopVersion"]):
    def visible_to(self, user: User) -> SopVersionQuerySet:
        """Published and withdrawn ones for every reader; drafts for those who write or approve them."""
        drafts = user.within(Power.AUTHOR_SOP, "document__owner_unit") | user.within(
            Power.APPROVE_SOP, "document__owner_unit"
        )
        readable = Q(status__in=SEALED) if user.may(Power.SEE_SOP) else Q(pk__in=[])
        return self.filter(drafts | readable)

    def published(self) -> SopVersionQuerySet:
        return self.filter(status=VersionStatus.PUBLISHED)

    def valid(self, on: date) -> SopVersionQuerySet:
        """Versions that are valid on `on`, wherever they apply; withdrawn ones until the day before that."""
        return self.filter(in_force(on)).filter(
            Q(status=VersionStatus.PUBLISHED) | Q(status=VersionStatus.WITHDRAWN, withdrawn_at__date__gt=on)
        )

    def ruling(self, on: date, unit: Unit | None) -> SopVersionQuerySet:
        """Valid versions that apply at `unit` on `on`, the one that rules first.

        The region nearest to the unit wins, then the later beginning. Without a unit, that is, while the
        premises are not known, a version that applies anywhere counts.
        """
        ids = unit.ancestor_ids if unit else None
        place = Q(regions__unit_id__in=ids) if ids is not None else Q(regions__isnull=False)
        rows = self.valid(on).filter(place, effective(on, "regions__"))
        nearest = "-depth" if unit else "-regions__effective_from"
        return rows.annotate(depth=Length("regions__unit__path")).order_by(
            nearest, "-regions__effective_from", "-number"
        )


class SopVersion(models.Model):
    """One version of a document: the verbatim text, where and when it applies, and who answers for it.

    Written by one person, approved by another, then frozen; the database refuses to change it too. Only its
    end (`valid_until`) and its withdrawal may still be recorded, so that a date in the past keeps its answer.
    """

    document = models.ForeignKey(SopDocument, models.PROTECT, related_name="versions", verbose_name=_("SOP"))
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    revision = models.CharField(_("revision"), max_length=40, blank=True)
    origin = models.CharField(_("origin (division, letter)"), max_length=300, blank=True)
    dated_on = models.DateField(_("dated"))
    text = models.TextField(_("text, word for word (Markdown)"), blank=True)
    notes = models.TextField(_("what changed, and why"), blank=True)
    status = models.CharField(
        _("status"), max_length=9, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    supersedes = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("supersedes"),
    )
    author = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author")
    )
    approver = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approver")
    )
    drafted_at = models.DateTimeField(_("drafted"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("submitted for review"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawal_reason = models.CharField(_("reason for withdrawal"), max_length=500, blank=True)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    scripts = models.TextField(_("texts of the procedures"), blank=True, editable=False)

    objects = SopVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("SOP version")
        verbose_name_plural = _("SOP versions")
        ordering = ("document", "-number")
        constraints = (
            models.UniqueConstraint(name="sop_version_number_once", fields=("document", "number")),
            models.CheckConstraint(
                name="sop_version_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(
                name="sop_version_four_eyes",
                condition=Q(author__isnull=True) | Q(approver__isnull=True) | ~Q(author=F("approver")),
                violation_error_message=_("Another person must approve what you wrote."),
            ),
            models.CheckConstraint(
                name="sop_version_published_is_sealed",
                condition=Q(status__in=("DRAFT", "IN_REVIEW"), published_at__isnull=True, digest="")
                | (Q(status__in=("PUBLISHED", "WITHDRAWN"), published_at__isnull=False) & ~Q(digest="")),
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How a ticket names it: `periksa@2`."""
        return f"{self.document.slug}@{self.number}"

    @property
    def is_sealed(self) -> bool:
        return self.status in SEALED


class SopRegionQuerySet(models.QuerySet["SopRegion"]):
    def visible_to(self, user: User) -> SopRegionQuerySet:
        return self.filter(version__in=SopVersion.objects.visible_to(user))


class SopRegion(models.Model):
    """A unit, with everything below it, where a version applies from its own day on."""

    version = models.ForeignKey(SopVersion, models.CASCADE, related_name="regions", verbose_name=_("version"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    effective_from = models.DateField(_("effective from"))
    effective_until = models.DateField(_("effective until"), null=True, blank=True)

    objects = SopRegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ("effective_from", "unit")
        constraints = (
            models.UniqueConstraint(
                name="sop_region_once",
                fields=("version", "unit", "effective_from"),
                violation_error_message=_("This unit is already named from that day."),
            ),
            models.CheckConstraint(
                name="sop_region_dates_in_order",
                condition=Q(effective_until__isnull=True) | Q(effective_until__gte=F("effective_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit}, {self.effective_from.isoformat()}"


class ReviewReminderQuerySet(models.QuerySet["ReviewReminder"]):
    def visible_to(self, user: User) -> ReviewReminderQuerySet:
        """For those who write or approve the document."""
        author = user.within(Power.AUTHOR_SOP, "document__owner_unit")
        return self.filter(author | user.within(Power.APPROVE_SOP, "document__owner_unit"))


class ReviewReminder(models.Model):
    """Authors were told that a document is due for review on `due_on`; once for each due date."""

    document = models.ForeignKey(SopDocument, models.CASCADE, related_name="reminders", verbose_name=_("SOP"))
    due_on = models.DateField(_("due on"))
    reminded_at = models.DateTimeField(_("reminded"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = ReviewReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("review reminder")
        verbose_name_plural = _("review reminders")
        ordering = ("due_on", "document")
        constraints = (models.UniqueConstraint(name="sop_reminded_once", fields=("document", "due_on")),)

    def __str__(self) -> str:
        return f"{self.document}, {self.due_on.isoformat()}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> AttachmentQuerySet:
        return self.filter(version__in=SopVersion.objects.visible_to(user))


class Attachment(models.Model):
    """An original file of a version: PDF, DOCX or an image."""

    version = models.ForeignKey(
        SopVersion, models.CASCADE, related_name="attachments", verbose_name=_("version")
    )
    file = models.FileField(_("file"), upload_to="sop/%Y/")
    file_name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size (bytes)"))
    digest = models.CharField(_("digest"), max_length=64)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.file_name


class AcknowledgementQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> AcknowledgementQuerySet:
        """One's own, and those of the agents one supervises."""
        return self.filter(Q(reader=user) | user.within(Power.SEE_CALLS))


class Acknowledgement(AppendOnlyModel):
    """An agent has read a version. `unit` is that of the position in which it was read."""

    version = models.ForeignKey(
        SopVersion, models.PROTECT, related_name="acknowledgements", verbose_name=_("version")
    )
    reader = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    at = models.DateTimeField(_("when"))

    objects = AcknowledgementQuerySet.as_manager()

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ("-at", "-pk")
        constraints = (models.UniqueConstraint(name="sop_acknowledged_once", fields=("version", "reader")),)

    def __str__(self) -> str:
        return f"{self.version}, {self.reader}"
