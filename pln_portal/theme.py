"""How the admin looks and how its pages are grouped: as people work, not as apps are cut."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _entry(title: Any, icon: str, page: str) -> dict[str, Any]:
    """A menu entry, shown to those who may open its page."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}"),
        "permission": lambda request: _may_open(request, page),
    }


def _may_open(request: HttpRequest, page: str) -> bool:
    from django.contrib import admin

    app_label, model_name = page.removesuffix("_changelist").rsplit("_", 1)
    for model, model_admin in admin.site._registry.items():
        if (model._meta.app_label, model._meta.model_name) == (app_label, model_name):
            return model_admin.has_module_permission(request)
    return False


NAVIGATION = [
    {
        "title": _("Meter allocation"),
        "items": [
            _entry(_("Meter availability"), "electric_meter", "allocation_meteravailability_changelist"),
            _entry(_("Unmet demand"), "bar_chart", "allocation_unmetdemand_changelist"),
            _entry(_("Checks"), "fact_check", "allocation_allocationcheck_changelist"),
            _entry(_("Matrix"), "grid_on", "allocation_allocationmatrix_changelist"),
        ],
    },
    {
        "title": _("Customers"),
        "items": [
            _entry(_("Customers"), "group", "customers_customer_changelist"),
            _entry(_("Imports"), "upload_file", "customers_customerimport_changelist"),
            _entry(_("Access log"), "policy", "customers_accesslog_changelist"),
            _entry(_("Tariffs"), "sell", "customers_tariff_changelist"),
            _entry(_("Power steps"), "electric_bolt", "customers_powerstep_changelist"),
        ],
    },
    {
        "title": _("Units and people"),
        "items": [
            _entry(_("Units"), "account_tree", "units_unit_changelist"),
            _entry(_("Service areas"), "map", "units_servicearea_changelist"),
            _entry(_("Areas"), "location_on", "units_area_changelist"),
            _entry(_("Positions"), "badge", "units_position_changelist"),
            _entry(_("Accounts"), "person", "units_user_changelist"),
        ],
    },
    {
        "title": _("Technical"),
        "collapsible": True,
        "items": [
            _entry(_("Background jobs"), "work_history", "common_job_changelist"),
            _entry(_("Schedule"), "schedule", "django_celery_beat_periodictask_changelist"),
            _entry(_("OAuth clients"), "key", "oauth2_provider_application_changelist"),
            _entry(_("Log-in attempts"), "lock", "axes_accessattempt_changelist"),
            _entry(_("Authenticators"), "phonelink_lock", "otp_totp_totpdevice_changelist"),
        ],
    },
]

UNFOLD = {
    "SITE_TITLE": _("PLN Portal"),
    "SITE_HEADER": _("PLN Portal"),
    "SITE_SUBHEADER": _("Back office"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "bolt",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "pln_portal.dashboard.first_page",
    "STYLES": [lambda request: static("console/admin.css")],
    "COMMAND": {"search_models": True, "show_history": False},
    "COLORS": {
        "primary": {
            "50": "#eef7fb",
            "100": "#d5ebf5",
            "200": "#b0d9eb",
            "300": "#7bbedc",
            "400": "#3f9bc4",
            "500": "#217fa9",
            "600": "#12668d",
            "700": "#115373",
            "800": "#144660",
            "900": "#153b51",
            "950": "#0b2637",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
}
