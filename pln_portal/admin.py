"""Technical pages, for superusers: background jobs, the schedule, OAuth clients, log-in protection, MFA.

The libraries' own pages are registered again in the portal's look.
"""

from __future__ import annotations

from axes import admin as axes_admin
from axes import models as axes_models
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beat_admin
from django_celery_beat import models as beat_models
from django_otp.plugins.otp_static import admin as static_admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as totp_admin
from django_otp.plugins.otp_totp.models import TOTPDevice
from oauth2_provider import admin as oauth_admin
from oauth2_provider import models as oauth_models
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from common import jobs
from common.admin import ScopedAdmin
from common.models import Job

REGISTERED_AGAIN = {
    axes_models.AccessAttempt: axes_admin.AccessAttemptAdmin,
    axes_models.AccessLog: axes_admin.AccessLogAdmin,
    beat_models.ClockedSchedule: beat_admin.ClockedScheduleAdmin,
    beat_models.CrontabSchedule: beat_admin.CrontabScheduleAdmin,
    beat_models.IntervalSchedule: beat_admin.IntervalScheduleAdmin,
    oauth_models.Application: oauth_admin.ApplicationAdmin,
    StaticDevice: static_admin.StaticDeviceAdmin,
    TOTPDevice: totp_admin.TOTPDeviceAdmin,
}
NOT_USED = (
    Group,
    axes_models.AccessFailureLog,
    beat_models.SolarSchedule,
    oauth_models.AccessToken,
    oauth_models.Grant,
    oauth_models.IDToken,
    oauth_models.RefreshToken,
)

for model in (*REGISTERED_AGAIN, *NOT_USED, beat_models.PeriodicTask):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
for model, original in REGISTERED_AGAIN.items():
    admin.site.register(model, type(original.__name__, (original, ModelAdmin), {"__doc__": original.__doc__}))


class _TaskSelect(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):
    """The library's list of tasks in the portal's look."""


class _PeriodicTaskForm(beat_admin.PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()


@admin.register(beat_models.PeriodicTask)
class PeriodicTaskAdmin(beat_admin.PeriodicTaskAdmin, ModelAdmin):
    """What the scheduler starts, and when."""

    form = _PeriodicTaskForm
    change_form_template = "admin/change_form.html"  # the library's own has a script in the page


@admin.register(Job)
class JobAdmin(ModelAdmin):
    """Background work: what waits, what was given up, and why."""

    serial, get_changelist = ScopedAdmin.serial, ScopedAdmin.get_changelist
    list_display = ("serial", "kind", "status", "attempts", "run_at", "finished_at", "error")
    list_filter = ("status", "kind")
    list_filter_submit = True
    show_full_result_count = False
    actions = ("try_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    @action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset.filter(status=Job.Status.PARKED):
            jobs.retry(job)
        messages.success(request, _("The parked jobs among them will run again."))
