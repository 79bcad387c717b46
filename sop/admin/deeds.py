"""The way of a version: submitted, taken back, published, ended, withdrawn, thrown away, acknowledged."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from common.admin import holds
from sop.admin.forms import EndForm, WithdrawForm
from sop.admin.pages import SopAdmin
from sop.admin.parts import edits
from sop.models import SopVersion, VersionStatus
from sop.services import documents, publishing, reading
from units.powers import Power


class VersionDeeds(SopAdmin):
    """The buttons of a version's page that change it: who is offered each, and the service behind it."""

    def _version(self, request: HttpRequest, object_id: Any) -> SopVersion | None:
        return self.get_object(request, str(object_id)) if object_id else None

    def _is(self, request: HttpRequest, object_id: Any, power: Power, *statuses: str) -> bool:
        version = self._version(request, object_id)
        return holds(request, power) and version is not None and version.status in statuses

    def has_submit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self._version(request, object_id)
        return version is not None and edits(request, version)

    has_throw_away_permission = has_submit_permission

    def has_take_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self._version(request, object_id)
        is_own = version is not None and version.author_id == request.user.pk
        return self._is(
            request, object_id, Power.AUTHOR_SOP if is_own else Power.APPROVE_SOP, VersionStatus.IN_REVIEW
        )

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, Power.APPROVE_SOP, VersionStatus.IN_REVIEW)

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, Power.APPROVE_SOP, VersionStatus.PUBLISHED)

    def has_acknowledge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self._version(request, object_id)
        is_new = version is not None and version.read_at is None
        return is_new and self._is(request, object_id, Power.SEE_SOP, VersionStatus.PUBLISHED)

    @action(
        description=_("Submit for review"),
        icon="send",
        permissions=["submit"],
        dialog={
            "title": _("Submit for review"),
            "description": _("Until it is taken back nobody edits it."),
            "form_class": None,
            "form_submit_text": _("Submit for review"),
        },
    )
    def submit(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        return self.act(
            request,
            version,
            lambda: publishing.submit_version(version=version, by=request.user, at=timezone.now()),
            _("The version is in review."),
        )

    @action(
        description=_("Back to draft"),
        icon="undo",
        permissions=["take_back"],
        dialog={
            "title": _("Back to draft"),
            "description": _("Its author can edit it again."),
            "form_class": None,
            "form_submit_text": _("Back to draft"),
        },
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        return self.act(
            request,
            version,
            lambda: publishing.take_back(version=version, by=request.user, at=timezone.now()),
            _("The version is a draft again."),
        )

    @action(
        description=_("Approve and publish"),
        icon="verified",
        permissions=["publish"],
        dialog={
            "title": _("Approve and publish"),
            "description": _("It rules from its dates on and can never be changed afterwards."),
            "form_class": None,
            "form_submit_text": _("Publish"),
        },
    )
    def publish(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        return self.act(
            request,
            version,
            lambda: publishing.publish_version(version=version, by=request.user, at=timezone.now()),
            _("The version is published."),
        )

    @action(
        description=_("Set its last day"),
        icon="event_busy",
        permissions=["end"],
        dialog={
            "title": _("Set its last day"),
            "description": _("It rules until that day inclusive. Days that have passed keep their answer."),
            "form_class": EndForm,
            "form_submit_text": _("Save"),
        },
    )
    def end(self, request: HttpRequest, form: EndForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        last_day = form.cleaned_data["last_day"]
        return self.act(
            request,
            version,
            lambda: publishing.end_version(
                version=version, last_day=last_day, by=request.user, at=timezone.now()
            ),
            _("The last day is set."),
        )

    @action(
        description=_("Withdraw"),
        icon="block",
        permissions=["end"],
        dialog={
            "title": _("Withdraw"),
            "description": _("From today on it does not rule any more."),
            "form_class": WithdrawForm,
            "form_submit_text": _("Withdraw"),
        },
    )
    def withdraw(self, request: HttpRequest, form: WithdrawForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        reason = form.cleaned_data["reason"]
        return self.act(
            request,
            version,
            lambda: publishing.withdraw_version(
                version=version, reason=reason, by=request.user, at=timezone.now()
            ),
            _("The version is withdrawn."),
        )

    @action(
        description=_("Throw away"),
        icon="delete",
        permissions=["throw_away"],
        dialog={
            "title": _("Throw this draft away"),
            "description": _("Its text, procedures and files are lost."),
            "form_class": None,
            "form_submit_text": _("Throw away"),
        },
    )
    def throw_away(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)
        document = version.document

        def verb() -> Any:
            documents.delete_draft(version=version, by=request.user, at=timezone.now())
            return document

        return self.act(request, version, verb, _("The draft is gone."))

    @action(
        description=_("I have read and understood it"),
        icon="done_all",
        permissions=["acknowledge"],
        dialog={
            "title": _("I have read and understood it"),
            "description": _("This is recorded with your name and the time."),
            "form_class": None,
            "form_submit_text": _("Acknowledge"),
        },
    )
    def acknowledge(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.seen_or_404(request, object_id)

        def verb() -> None:
            reading.acknowledge(version=version, by=request.user, at=timezone.now())

        return self.act(request, version, verb, _("Acknowledged."))
