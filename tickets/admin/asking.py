"""Pages of the admin that ask before a service does something with one row, and show what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import holds
from common.errors import DomainError
from common.keyset import KeysetAdmin
from common.moments import long_moment


class AskForm(forms.Form):
    """A form about one row, which it may build its choices from."""

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row


@dataclass(frozen=True)
class Question:
    """One thing that may be done with a row: by whom, what is asked first, and the service that does it."""

    title: Any
    power: str
    act: Callable[..., Any]
    form: type[AskForm] = AskForm


class AskingAdmin(KeysetAdmin):
    """A read-only page whose buttons lead to `questions`; each is answered by a POST to a page of its own."""

    change_form_before_template = "admin/tickets/steps.html"
    questions: dict[str, Question] = {}
    row_name = "row"

    def is_open_to(self, question: str, row: Any) -> bool:
        """Whether the button makes sense for this row; the service has the last word."""
        return True

    def steps(self, request: HttpRequest, row: Model) -> list[tuple[str, Any]]:
        """The buttons of a row: address and title."""
        return [
            (reverse(f"admin:{self._page_name(name)}", args=[row.pk]), question.title)
            for name, question in self.questions.items()
            if self.is_open_to(name, row) and holds(request, question.power)
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is not None:
            steps = {"steps": self.steps(request, row)}
            kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), **steps}
        return super().change_view(request, object_id, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        made = [
            path(f"<int:object_id>/{name}/", self._view(name), name=self._page_name(name))
            for name in self.questions
        ]
        return [*made, *super().get_urls()]

    def _page_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def _view(self, name: str) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: int) -> HttpResponse:
            return self.ask(request, object_id, self.questions[name])

        return self.admin_site.admin_view(view)

    def ask(self, request: HttpRequest, object_id: int, question: Question) -> HttpResponse:
        """Show the form; on POST let the service act, and go back to the row or show its refusal."""
        if not holds(request, question.power):
            raise PermissionDenied
        row = self.seen_or_404(request, str(object_id))
        form = question.form(request.POST if request.method == "POST" else None, row=row)
        if form.is_valid():
            try:
                question.act(**{self.row_name: row}, by=request.user, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                messages.success(request, _("Done."))
                return redirect(reverse(f"admin:{self._page_name('change')}", args=[row.pk]))
        return self._render(request, question, row, form)

    def _render(self, request: HttpRequest, question: Question, row: Any, form: AskForm) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "media": self.media,
            "title": question.title,
            "original": row,
            "form": form,
            "back": reverse(f"admin:{self._page_name('change')}", args=[row.pk]),
        }
        return render(request, "admin/tickets/question.html", context)


def dated_lines(lines: Iterable[tuple[datetime, str]]) -> SafeString:
    """What happened, one line each, with its time."""
    shown = ((long_moment(at), text.strip()) for at, text in lines)
    return format_html_join(SafeString("<br>"), "{} · {}", shown)
