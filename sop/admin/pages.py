"""What the pages of this app's admin share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from common.admin import ScopedAdmin, holds
from units.powers import Power


class SopAdmin(ScopedAdmin):
    """Pages of its own beside the usual ones, and dialogs that call a service."""

    see, change = Power.SEE_SOP, Power.AUTHOR_SOP
    # What is behind `<id>/<name>/`, by name.
    own_pages: dict[str, str] = {}

    class Media:
        css = {"all": ("sop/editor.css",)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or holds(request, Power.APPROVE_SOP)

    def get_urls(self) -> list[URLPattern]:
        made = [
            path(
                f"<int:object_id>/{name}/",
                self.admin_site.admin_view(getattr(self, view)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{name}",
            )
            for name, view in self.own_pages.items()
        ]
        return [*made, *super().get_urls()]

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        shell = self.admin_site.each_context(request) | {"media": self.media}
        return render(request, f"admin/sop/{template}", shell | context)
