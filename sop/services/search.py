"""Finding SOPs by what they say: PostgreSQL's Indonesian configuration, plain matching on SQLite."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Replace

from sop.models import SopVersion

CONFIG = "indonesian"
PLACES = ("title", "text", "scripts")  # the heavier first
WEIGHTS = dict(zip(PLACES, "ABC", strict=True))
START, STOP = "\x02", "\x03"
MARKED = re.compile(f"{START}(.*?){STOP}", re.DOTALL)
MARKDOWN = re.compile(r"[*#|\\>]+")
AROUND = 80


@dataclass(frozen=True)
class Match:
    """Where a search found a version: `title`, `text` or `scripts`, and the words there; every second part
    of `excerpt`, beginning with the second, is a hit."""

    place: str
    excerpt: tuple[str, ...]


def find(*, text: str, versions: Iterable[int]) -> dict[int, Match]:
    """Which of `versions` (ids) hold all words of `text`, the best first."""
    rows = SopVersion.objects.filter(pk__in=list(versions))
    return _ranked(rows, text) if connection.vendor == "postgresql" else _plain(rows, text)


def _ranked(rows: Any, text: str) -> dict[int, Match]:
    query = SearchQuery(text.replace("/", " "), config=CONFIG, search_type="websearch")
    vectors = [SearchVector(_words(place), weight=WEIGHTS[place], config=CONFIG) for place in PLACES]
    vector = vectors[0] + vectors[1] + vectors[2]
    found = rows.annotate(vector=vector, rank=SearchRank(vector, query)).filter(vector=query)
    headlines = {f"in_{place}": _headline(place, query) for place in PLACES}
    return {row.pk: _marked(row) for row in found.annotate(**headlines).order_by("-rank", "pk")}


def _words(place: str) -> Replace:
    """The text with blanks for slashes: PostgreSQL would read "bulannya/pembayaran" as the path of a file."""
    return Replace(F(place), Value("/"), Value(" "), output_field=TextField())


def _headline(place: str, query: SearchQuery) -> SearchHeadline:
    return SearchHeadline(
        _words(place),
        query,
        config=CONFIG,
        start_sel=START,
        stop_sel=STOP,
        min_words=12,
        max_words=30,
        max_fragments=1,
    )


def _marked(row: Any) -> Match:
    place = next((it for it in PLACES if START in getattr(row, f"in_{it}")), "title")
    return Match(place, _parts(getattr(row, f"in_{place}")))


def _parts(headline: str) -> tuple[str, ...]:
    return tuple(MARKDOWN.sub("", part) for part in MARKED.split(headline))


def _plain(rows: Any, text: str) -> dict[int, Match]:
    words = text.split()
    for word in words:
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word) | Q(scripts__icontains=word))
    return {row.pk: _excerpt(row, words) for row in rows.order_by("title", "pk")} if words else {}


def _excerpt(row: SopVersion, words: list[str]) -> Match:
    """The place that holds the words together where there is one, else the first that holds one of them."""
    contents = {place: getattr(row, place) for place in PLACES}
    held = {it: sum(word.lower() in content.lower() for word in words) for it, content in contents.items()}
    place = max(PLACES, key=lambda it: held[it])
    sought = re.compile("(" + "|".join(map(re.escape, words)) + ")", re.IGNORECASE)
    hit = sought.search(contents[place])
    start = max(hit.start() - AROUND, 0) if hit else 0
    near = contents[place][start : start + 2 * AROUND + len(words[0])]
    return Match(place, tuple(MARKDOWN.sub("", part) for part in sought.split(near)))
