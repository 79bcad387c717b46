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
        "navigation": [],
    },
}
