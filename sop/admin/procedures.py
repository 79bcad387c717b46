"""Procedures: the editor, every path with its outcome, the drawing, trying it out, and what it changes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from common.admin import dialog, holds
from common.errors import DomainError
from sop.admin.forms import NEW_PROCEDURE, ProcedureForm
from sop.admin.pages import SopAdmin
from sop.admin.parts import edits
from sop.admin.trial import read_answers, read_form
from sop.drawing import draw
from sop.models import OutcomeKind, Procedure, SopVersion
from sop.rules import paths
from sop.rules.compiler import compile_procedure
from sop.rules.graph import Graph
from sop.rules.source import Problem
from sop.services import comparing, documents, library, presenting, trial
from units.powers import Power

PATHS_PER_PAGE = 100
MOST_PATH_CHANGES = 200


@admin.register(Procedure)
class ProcedureAdmin(SopAdmin):
    """A procedure is edited in a draft by its author; everybody else looks at it."""

    form = ProcedureForm
    list_display = ("title", "slug", "version", "is_entry")
    list_filter = ("is_entry", "version__status")
    list_select_related = ("version__document",)
    search_fields = ("title", "slug", "source")
    fields = ("tools", "source", "problems", "version")
    readonly_fields = ("tools", "problems", "as_written")
    actions_detail = ("remove",)
    own_pages = {
        "paths": "paths_view",
        "graph": "graph_view",
        "try": "try_view",
        "difference": "difference_view",
    }

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(self.check_view)
        return [path("check/<int:version_id>/", check, name="sop_procedure_check"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A procedure is added from the page of its draft, which names the version."""
        is_named = "version" in request.GET or "version" in request.POST
        return is_named and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Procedure | None = None) -> bool:
        return obj is not None and edits(request, obj.version)

    def get_fields(self, request: HttpRequest, obj: Procedure | None = None) -> tuple[str, ...]:
        if obj is None or self.has_change_permission(request, obj):
            return self.fields
        return ("tools", "as_written", "problems", "version")

    def get_readonly_fields(self, request: HttpRequest, obj: Procedure | None = None) -> tuple[str, ...]:
        return self.readonly_fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"source": NEW_PROCEDURE, "version": self._draft(request).pk}

    def get_form(self, request: HttpRequest, obj: Procedure | None = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        version = obj.version if obj else self._draft(request)
        if "version" in form.base_fields:
            form.base_fields["version"].queryset = SopVersion.objects.filter(pk=version.pk)
        if "source" in form.base_fields:
            attrs = form.base_fields["source"].widget.attrs
            attrs["data-check"] = reverse("admin:sop_procedure_check", args=[version.pk])
        return form

    def _draft(self, request: HttpRequest) -> SopVersion:
        """The draft of the reader's own that a new procedure is for."""
        asked = request.POST.get("version") or request.GET.get("version", "")
        seen = SopVersion.objects.visible_to(request.user).select_related("document")
        version = get_object_or_404(seen, pk=int(asked)) if asked.isdecimal() and len(asked) < 19 else None
        if version is None or not edits(request, version):
            raise Http404
        return version

    @display(description=_("pages"))
    def tools(self, procedure: Procedure) -> SafeString:
        return render_to_string("admin/sop/tools.html", {"procedure": procedure})

    @display(description=_("steps (YAML)"))
    def as_written(self, procedure: Procedure) -> SafeString:
        return format_html('<div class="sop-source">{}</div>', procedure.source)

    @display(description=_("checks"))
    def problems(self, procedure: Procedure) -> SafeString:
        found = [] if procedure.pk is None or procedure.version.is_sealed else problems_of(procedure)
        return render_to_string("admin/sop/problems.html", {"problems": found})

    def save_model(self, request: HttpRequest, obj: Procedure, form: Any, change: bool) -> None:
        kept, compiled = documents.save_procedure(
            version=obj.version if change else self._draft(request),
            source=form.cleaned_data["source"],
            procedure=obj if change else None,
            by=request.user,
            at=timezone.now(),
        )
        obj.pk, obj.slug, obj.title = kept.pk, kept.slug, kept.title
        if not compiled.is_sound:
            messages.warning(request, _("Saved. It has problems and cannot be published like this."))

    def check_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """What is wrong with the text that is being typed; nothing is saved."""
        if request.method != "POST" or not holds(request, Power.AUTHOR_SOP):
            raise PermissionDenied
        version = get_object_or_404(SopVersion.objects.visible_to(request.user), pk=version_id)
        compiled = compile_procedure(request.POST.get("source", ""), library.vocabulary(version))
        found = [{"line": it.line, "message": it.message} for it in compiled.problems]
        return JsonResponse({"problems": found})

    def has_remove_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        procedure = self.get_object(request, str(object_id)) if object_id else None
        return procedure is not None and edits(request, procedure.version)

    @action(
        description=_("Remove from the draft"),
        icon="delete",
        permissions=["remove"],
        dialog=dialog(_("Remove from the draft"), _("The procedure is lost."), submit=_("Remove")),
    )
    def remove(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        procedure = self.seen_or_404(request, object_id)
        version = procedure.version

        def verb() -> SopVersion:
            documents.delete_procedure(procedure=procedure, by=request.user, at=timezone.now())
            return version

        return self.act(request, procedure, verb, _("The procedure is removed."))

    # --- Looking at it ----------------------------------------------------------------------------

    def _graph(self, request: HttpRequest, object_id: int) -> tuple[Procedure, Graph | None]:
        procedure = self.seen_or_404(request, str(object_id))
        return procedure, comparing.graph_of(procedure)

    def paths_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Every path with its outcome, a hundred on a page; by outcome when one is chosen."""
        procedure, graph = self._graph(request, object_id)
        listing = paths.list_paths(graph) if graph else paths.Listing((), True)
        asked = request.GET.get("outcome", "")
        rows = [it for it in listing.paths if not asked or it.outcome == asked]
        page = Paginator(rows, PATHS_PER_PAGE).get_page(request.GET.get("page"))
        return self.page(
            request,
            "paths.html",
            title=_("Paths and outcomes"),
            procedure=procedure,
            graph=graph,
            listing=listing,
            total=len(listing.paths),
            outcomes=outcome_rows(graph, listing) if graph else [],
            asked=asked,
            rows=[path_row(graph, it) for it in page] if graph else [],
            pages=page,
        )

    def graph_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The steps as a drawing; shapes and words say everything that colour could."""
        procedure, graph = self._graph(request, object_id)
        svg = draw(graph) if graph else None
        return self.page(request, "graph.html", title=_("Drawing"), procedure=procedure, drawing=svg)

    def difference_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Paths and outcomes against the procedure of that name in what rules now."""
        procedure = self.seen_or_404(request, str(object_id))
        old = comparing.forerunner(procedure.version)
        before = old.procedures.filter(slug=procedure.slug).first() if old else None
        change = comparing.compare_paths(before, procedure) if before else None
        return self.page(
            request,
            "paths_changed.html",
            title=_("Difference to the version in force"),
            procedure=procedure,
            old=old,
            change=change,
            most=MOST_PATH_CHANGES,
        )

    def try_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Walk the procedure as on a call. Nothing is created: the answers travel with the page."""
        procedure = self.seen_or_404(request, str(object_id))
        if not (holds(request, Power.AUTHOR_SOP) or holds(request, Power.APPROVE_SOP)):
            raise PermissionDenied
        kept = read_answers(request.POST.get("answers", "[]"))
        refusal, answers = "", kept
        try:
            answers = [*kept, *read_form(request.POST)]
            situation = self._tried(request, procedure, answers)
        except DomainError as error:
            refusal, answers = error.message, kept
            situation = self._tried_or_none(request, procedure, kept)
        return self.page(
            request,
            "try.html",
            title=_("Try it"),
            procedure=procedure,
            refusal=refusal,
            answers=json.dumps(answers),
            step=presenting.present_step(situation) if situation else None,
            waiting=waiting_check(situation),
            path=presenting.present_path(situation) if situation else [],
            is_over=bool(situation and situation.walk.is_over),
        )

    def _tried(self, request: HttpRequest, procedure: Procedure, answers: list[dict[str, Any]]) -> Any:
        given = [trial.TrialAnswer(**answer) for answer in answers]
        return trial.try_procedure(procedure=procedure, answers=given, by=request.user, at=timezone.now())

    def _tried_or_none(
        self, request: HttpRequest, procedure: Procedure, answers: list[dict[str, Any]]
    ) -> Any:
        try:
            return self._tried(request, procedure, answers)
        except DomainError:
            return None


def waiting_check(situation: Any) -> list[str]:
    """The answers of the check that waits for the person who tries."""
    step = situation.walk.step if situation else None
    return [way.answer for way in step.exits] if step is not None and step.kind == "check" else []


def problems_of(procedure: Procedure) -> list[Problem]:
    """What is wrong with one procedure of a draft, alone and together with what it calls."""
    compiled = compile_procedure(procedure.source, library.vocabulary(procedure.version))
    if compiled.problems:
        return list(compiled.problems)
    found = library.linked_problems(procedure, library.book_with(procedure.version))
    return [it for it in found if it.procedure in ("", procedure.slug)]


def outcome_rows(graph: Graph, listing: paths.Listing) -> list[dict[str, Any]]:
    """Each outcome with the number of paths that end in it."""
    counts = Counter(it.outcome for it in listing.paths)
    return [
        {"address": address, "count": count, **result_words(graph, address)}
        for address, count in counts.most_common()
    ]


def path_row(graph: Graph, found: paths.Path) -> dict[str, Any]:
    return {"decisions": decisions(graph, found.decisions(graph)), **result_words(graph, found.outcome)}


def decisions(graph: Graph, moves: tuple[paths.Move, ...]) -> list[dict[str, str]]:
    """Each deciding step with the label of its answer."""
    shown = []
    for address, answer in moves:
        ways = graph[address].exits if address in graph.steps else ()
        label = next((way.label for way in ways if way.answer == answer), answer)
        shown.append({"step": address, "label": label or answer})
    return shown


def result_words(graph: Graph, address: str) -> dict[str, str]:
    if not address:
        return {"kind": "", "label": "–", "type": "", "problem": ""}
    body = graph[address].body
    template = body.get("template", {})
    return {
        "kind": body["outcome"],
        "label": str(OutcomeKind(body["outcome"]).label),
        "type": template.get("type", ""),
        "problem": template.get("problem", ""),
    }
