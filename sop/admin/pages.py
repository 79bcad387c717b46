"""What the pages of this app's admin share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from common.admin import ScopedAdmin, holds, leave_for, tell_refusal
from common.errors import DomainError
from units.powers import Power


class SopAdmin(ScopedAdmin):
    """Pages of its own beside the usual ones, and dialogs that call a service."""

    see, change = Power.SEE_SOP, Power.AUTHOR_SOP
    # What is behind `<id>/<name>/`, by name.
    own_pages: dict[str, str] = {}

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
        shell = self.admin_site.each_context(request) | {"opts": self.opts, "media": self.media}
        return render(request, f"admin/sop/{template}", shell | context)

    def address_of(self, row: Any) -> str:
        opts = row._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])

    def act(self, request: HttpRequest, row: Any, verb: Callable[[], Any], done: Any) -> HttpResponse:
        """Do it and say so, or say why not; then show what came of it, else the row again."""
        try:
            made = verb()
        except DomainError as refusal:
            tell_refusal(request, refusal)
            return leave_for(request, self.address_of(row))
        messages.success(request, done)
        return leave_for(request, self.address_of(made if made is not None else row))
