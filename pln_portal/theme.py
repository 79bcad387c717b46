"""How the admin looks and how its pages are grouped: as people work, not as apps are cut."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _entry(title: Any, icon: str, model: str, page: str = "changelist") -> dict[str, Any]:
    """A menu entry for a page of `model` (`app_model`), shown to those who may open the model's pages."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_{page}"),
        "permission": lambda request: _may_open(request, model),
    }


def _may_open(request: HttpRequest, model: str) -> bool:
    for registered, model_admin in admin.site._registry.items():
        if f"{registered._meta.app_label}_{registered._meta.model_name}" == model:
            return model_admin.has_module_permission(request)
    return False


NAVIGATION = [
    {
        "title": _("Meter allocation"),
        "items": [
            _entry(_("Meter availability"), "electric_meter", "allocation_meteravailability", "overview"),
            _entry(_("Unmet demand"), "bar_chart", "allocation_allocationcheck", "demand"),
            _entry(_("Checks"), "fact_check", "allocation_allocationcheck"),
            _entry(_("Matrix"), "grid_on", "allocation_allocationmatrix"),
        ],
    },
    {
        "title": _("Tickets"),
        "items": [
            _entry(_("Tickets"), "confirmation_number", "tickets_ticket"),
            _entry(_("Response and recovery"), "speed", "tickets_ticket", "performance"),
            _entry(_("Notifications"), "notifications", "tickets_notification"),
            _entry(_("Problem types"), "category", "tickets_problemtype"),
            _entry(_("Service targets (TMP)"), "timer", "tickets_servicepolicy"),
            _entry(_("Calendars"), "calendar_month", "tickets_calendar"),
            _entry(_("Escalation steps"), "escalator_warning", "tickets_escalationstep"),
            _entry(_("Accesses to reporters' data"), "policy", "tickets_ticketaccess"),
        ],
    },
    {
        "title": _("Field work and command centre"),
        "items": [
            _entry(_("Work orders"), "engineering", "tickets_workorder"),
            _entry(_("Crews"), "groups", "tickets_crew"),
            _entry(_("Shifts"), "schedule", "tickets_shift"),
            _entry(_("Self-diagnoses"), "troubleshoot", "tickets_selfdiagnosis"),
            _entry(_("Wide outages"), "power_off", "tickets_incident"),
            _entry(_("Areas of self-diagnosis"), "map", "tickets_diagnosiscoverage"),
            _entry(_("Short codes"), "dialpad", "tickets_readingcode"),
            _entry(_("Meanings of values"), "menu_book", "tickets_codemeaning"),
            _entry(_("Suggestion rules (assumptions)"), "rule", "tickets_suggestionrule"),
            _entry(_("Dispatch rules"), "near_me", "tickets_dispatchrule"),
            _entry(_("Rules for wide outages"), "crisis_alert", "tickets_incidentrule"),
            _entry(_("Webhooks"), "webhook", "tickets_webhookendpoint"),
            _entry(_("Webhook deliveries"), "outbox", "tickets_webhookdelivery"),
        ],
    },
    {
        "title": _("SOPs and calls"),
        "items": [
            _entry(_("SOPs"), "menu_book", "sop_sopdocument"),
            _entry(_("Versions"), "history", "sop_sopversion"),
            _entry(_("Procedures"), "account_tree", "sop_procedure"),
            _entry(_("Values"), "tune", "sop_sopvalue"),
            _entry(_("PS schemes"), "map", "sop_psscheme"),
            _entry(_("Calls"), "call", "sop_call"),
            _entry(_("What calls teach"), "monitoring", "sop_call", "statistics"),
            _entry(_("Hand-overs to AP2T"), "forward", "sop_handover"),
            _entry(_("Review reminders"), "event", "sop_reviewreminder"),
        ],
    },
    {
        "title": _("Customers"),
        "items": [
            _entry(_("Customers"), "group", "customers_customer"),
            _entry(_("Imports"), "upload_file", "customers_customerimport"),
            _entry(_("Access log"), "policy", "customers_accesslog"),
            _entry(_("Tariffs"), "sell", "customers_tariff"),
            _entry(_("Power steps"), "electric_bolt", "customers_powerstep"),
        ],
    },
    {
        "title": _("Programs"),
        "items": [
            _entry(_("Programs"), "emoji_events", "programs_program"),
            _entry(_("Winners"), "workspace_premium", "programs_winner"),
            _entry(_("Rewards"), "redeem", "programs_reward"),
        ],
    },
    {
        "title": _("Units and people"),
        "items": [
            _entry(_("Units"), "account_tree", "units_unit"),
            _entry(_("Service areas"), "map", "units_servicearea"),
            _entry(_("Areas"), "location_on", "units_area"),
            _entry(_("Positions"), "badge", "units_position"),
            _entry(_("Accounts"), "person", "units_user"),
        ],
    },
    {
        "title": _("Technical"),
        "collapsible": True,
        "items": [
            _entry(_("Background jobs"), "work_history", "common_job"),
            _entry(_("Schedule"), "schedule", "django_celery_beat_periodictask"),
            _entry(_("OAuth clients"), "key", "oauth2_provider_application"),
            _entry(_("Log-in attempts"), "lock", "axes_accessattempt"),
            _entry(_("Authenticators"), "phonelink_lock", "otp_totp_totpdevice"),
        ],
    },
]

UNFOLD = {
    "SITE_TITLE": _("PLN Portal"),
    "SITE_HEADER": _("PLN Portal"),
    "SITE_SUBHEADER": _("Back office"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "bolt",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("console/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "pln_portal.dashboard.first_page",
    "STYLES": [lambda request: static("console/admin.css")],
    "SCRIPTS": [lambda request: static("console/js/admin_names.js")],
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
