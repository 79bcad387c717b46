"""The base of every admin page: rows through sight, rights through powers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList as StockChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.views import ChangeList

from common.errors import DomainError


class CheckedAutocomplete(AutocompleteSelect):
    """Django's widget looks up whatever was posted; what cannot be a key, it answers with a broken page."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> list:
        try:
            return super().optgroups(name, value, attrs)
        except (ValueError, ValidationError):
            return super().optgroups(name, [], attrs)


class UncountedChangeList(ChangeList):
    """Offers "Show all" where a search or a filter hides something, and nowhere else."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count


class ScopedAdmin(ModelAdmin):
    """Shows the rows its reader may see, and allows what the reader's positions allow.

    `see` and `change` name powers. What is not named is refused: without `change` the page is read-only.
    Foreign-key choices go through the same sight as lists.
    """

    see: str = ""
    change: str = ""
    compressed_fields = True
    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("no."), ordering="pk")
    def serial(self, row: Model) -> str:
        """The number of a row as a name, not as an amount: 1990, never 1.990."""
        return str(row.pk)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StockChangeList]:
        return UncountedChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return seen_by(super().get_queryset(request), request.user)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the page's own filters ask: Django takes any field of the row, so that what is shown
        masked could be found out letter by letter.
        """
        field = lookup.partition("__")[0]
        filters = self.get_list_filter(request)
        filtered = {it if isinstance(it, str) else it[0] for it in filters if not isinstance(it, type)}
        if field in {"pk", *(it.name for it in self.opts.get_fields())} - filtered:
            return False
        return super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            kwargs["queryset"] = seen_by(db_field.remote_field.model._default_manager.all(), request.user)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", CheckedAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def seen_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row, where the reader may see it; actions have addresses of their own and must ask this."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found

    def act(self, request: HttpRequest, row: Model, verb: Callable[[], Any], done: Any) -> HttpResponse:
        """Do it and say so, or say why not; then show the row that came of it, else `row` again."""
        try:
            made = verb()
        except (DomainError, ValidationError) as refusal:
            tell_refusal(request, refusal)
            return leave_for(request, self.address_of(row))
        messages.success(request, done)
        return leave_for(request, self.address_of(made if isinstance(made, Model) else row))

    def address_of(self, row: Model) -> str:
        """The page of `row`."""
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a service's refusal in the form, at its field, with everything typed still there."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (DomainError, ValidationError) as refusal:
            request.refusal = refusal
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        refusal = getattr(request, "refusal", None)
        return refused(form, refusal) if refusal else form

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return holds(request, self.see) or holds(request, self.change)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return holds(request, self.change)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return holds(request, self.change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def refused(form: type[ModelForm], refusal: DomainError | ValidationError) -> type[ModelForm]:
    """The same form, invalid because of `refusal`."""

    def clean(self: ModelForm) -> None:
        if isinstance(refusal, DomainError):
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
        else:
            self.add_error(None, refusal.messages)

    return type(form.__name__, (form,), {"clean": clean})


def holds(request: HttpRequest, power: str) -> bool:
    return bool(power) and request.user.is_authenticated and request.user.may(power)


def seen_by(queryset: QuerySet, user: Any) -> QuerySet:
    """The rows of `queryset` that `user` may see, where the model has a rule for it."""
    return queryset.visible_to(user) if hasattr(queryset, "visible_to") else queryset


def leave_for(request: HttpRequest, address: str) -> HttpResponse:
    """Go to another page, out of a dialog (which htmx posts) as well as out of a form."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def tell_refusal(request: HttpRequest, refusal: DomainError | ValidationError) -> None:
    """Show a refused action as a message, with nothing changed."""
    is_ours = isinstance(refusal, DomainError)
    messages.error(request, refusal.message if is_ours else " ".join(refusal.messages))


def dialog(
    title: Any, about: Any = "", *, submit: Any = "", form: type[BaseDialogForm] = BaseDialogForm
) -> ActionDialog:
    """What an action asks before it runs: a sentence, perhaps a form, and a button called like the title."""
    return {
        "title": title,
        "description": about,
        "form_class": form,
        "form_submit_text": submit or title,
    }
