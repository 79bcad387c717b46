"""The way of a version: submitted, taken back, published, ended, withdrawn, thrown away, acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from common.admin import dialog, holds
from sop.admin.forms import EndForm, WithdrawForm
from sop.admin.pages import SopAdmin
from sop.admin.parts import edits
from sop.models import SopDocument, SopVersion, VersionStatus
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
        dialog=dialog(_("Submit for review"), _("Until it is taken back nobody edits it.")),
    )
    def submit(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, publishing.submit_version, _("The version is in review."))

    @action(
        description=_("Back to draft"),
        icon="undo",
        permissions=["take_back"],
        dialog=dialog(_("Back to draft"), _("Its author can edit it again.")),
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, publishing.take_back, _("The version is a draft again."))

    @action(
        description=_("Approve and publish"),
        icon="verified",
        permissions=["publish"],
        dialog=dialog(
            _("Approve and publish"),
            _("It rules from its dates on and can never be changed afterwards."),
            submit=_("Publish"),
        ),
    )
    def publish(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, publishing.publish_version, _("The version is published."))

    @action(
        description=_("Set its last day"),
        icon="event_busy",
        permissions=["end"],
        dialog=dialog(
            _("Set its last day"),
            _("It rules until that day inclusive. Days that have passed keep their answer."),
            submit=_("Save"),
            form=EndForm,
        ),
    )
    def end(self, request: HttpRequest, form: EndForm, object_id: str) -> HttpResponse:
        last_day = form.cleaned_data["last_day"]
        done = _("The last day is set.")
        return self._do(request, object_id, publishing.end_version, done, last_day=last_day)

    @action(
        description=_("Withdraw"),
        icon="block",
        permissions=["end"],
        dialog=dialog(_("Withdraw"), _("From today on it does not rule any more."), form=WithdrawForm),
    )
    def withdraw(self, request: HttpRequest, form: WithdrawForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        done = _("The version is withdrawn.")
        return self._do(request, object_id, publishing.withdraw_version, done, reason=reason)

    @action(
        description=_("Throw away"),
        icon="delete",
        permissions=["throw_away"],
        dialog=dialog(
            _("Throw this draft away"), _("Its text, procedures and files are lost."), submit=_("Throw away")
        ),
    )
    def throw_away(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        document = self.seen_or_404(request, object_id).document
        done = _("The draft is gone.")
        return self._do(request, object_id, documents.delete_draft, done, then=document)

    @action(
        description=_("I have read and understood it"),
        icon="done_all",
        permissions=["acknowledge"],
        dialog=dialog(
            _("I have read and understood it"),
            _("This is recorded with your name and the time."),
            submit=_("Acknowledge"),
        ),
    )
    def acknowledge(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, reading.acknowledge, _("Acknowledged."))

    def _do(
        self,
        request: HttpRequest,
        object_id: str,
        service: Callable[..., Any],
        done: Any,
        *,
        then: SopDocument | None = None,
        **values: Any,
    ) -> HttpResponse:
        """Call `service` for the version in sight, say what came of it, and show the version, or `then`."""
        version = self.seen_or_404(request, object_id)

        def verb() -> SopDocument | None:
            service(version=version, by=request.user, at=timezone.now(), **values)
            return then

        return self.act(request, version, verb, done)
