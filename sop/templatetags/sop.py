"""Words and dates for the pages of SOPs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from common.moments import long_moment
from sop.rules.differences import ADDED, CHANGED, REMOVED, SAME
from sop.services.reading import STATES

register = template.Library()

CHANGES = {ADDED: _("added"), REMOVED: _("removed"), CHANGED: _("changed"), SAME: _("the same")}
CONTEXT = 3  # lines around a change


@register.filter
def state_word(state: str) -> Any:
    return STATES.get(state, state)


@register.filter
def change_word(kind: str) -> Any:
    return CHANGES.get(kind, kind)


@register.filter
def spelled(name: str) -> str:
    """A name of the procedure's source as words: "laporan lama" for `laporan_lama`."""
    return name.replace("_", " ")


@register.filter
def day(value: str | date | None) -> str:
    """A date, also one written as in JSON: "18 Februari 2022"."""
    if not value:
        return ""
    return date_format(date.fromisoformat(value) if isinstance(value, str) else value, "DATE_FORMAT")


@register.filter
def moment(value: str | datetime | None) -> str:
    if not value:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return long_moment(at)


@register.filter
def minutes(length: timedelta | None) -> str:
    """`4.05` for four minutes and five seconds."""
    if length is None:
        return "–"
    whole, seconds = divmod(int(length.total_seconds()), 60)
    return f"{whole}.{seconds:02d}"


@register.filter
def folded(pieces: Iterable[Any]) -> list[Mapping[str, str]]:
    """The pieces of a comparison, long runs that did not change cut down to the lines around changes."""
    rows = [it if isinstance(it, Mapping) else {"kind": it.kind, "text": it.text} for it in pieces]
    last = len(rows) - 1
    return [_folded(row, is_first=index == 0, is_last=index == last) for index, row in enumerate(rows)]


def _folded(piece: Mapping[str, str], *, is_first: bool, is_last: bool) -> Mapping[str, str]:
    lines = piece["text"].splitlines(keepends=True)
    if piece["kind"] != SAME or len(lines) <= 2 * CONTEXT + 1:
        return piece
    head = [] if is_first else lines[:CONTEXT]
    tail = [] if is_last else lines[-CONTEXT:]
    return {"kind": SAME, "text": "".join([*head, "⋯\n", *tail])}


@register.simple_tag
def sop_page(reference: str) -> str:
    """The address of the screen that shows a version (`periksa@2`). Which screen, the settings say."""
    slug, _at, number = reference.rpartition("@")
    return reverse(settings.SOP_PAGE, args=[slug, number])


@register.filter
def with_earlier(versions: list[Any]) -> list[tuple[Any, Any]]:
    """Each version with the one before it (the first with None); the newest first, as the API has them."""
    return list(zip(versions, [*versions[1:], None], strict=True))
