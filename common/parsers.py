"""Reading request bodies without surprises (NUL, lone surrogates, depth, size, numbers without end)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from common.errors import TooLarge

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40


class StrictJSONParser(parsers.BaseParser):
    """One JSON object that a database and a reader can hold, each name in it once."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = read_limited(stream)
        try:
            value = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_object,
                parse_int=_integer,
                parse_float=_decimal,
                parse_constant=_no_constant,
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not valid JSON.")) from error
        if not isinstance(value, dict):
            raise ParseError(_("Send a JSON object."))
        check_text(value)
        return value


class StrictFormParser(parsers.FormParser):
    """Form fields of the agent screens, under the same limits."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = QueryDict(read_limited(stream), encoding="utf-8")
        check_text(dict(data.lists()))
        return data


def read_limited(stream: Any) -> bytes:
    """The body, or `TooLarge` past 256 kB."""
    raw: bytes = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise TooLarge(_("The body is larger than 256 kB."))
    return raw


def check_text(value: Any, depth: int = 0) -> None:
    """Raise `ParseError` for text that cannot be stored, or for nesting deeper than 32."""
    if depth > MAX_DEPTH:
        raise ParseError(_("The input is nested too deeply."))
    if isinstance(value, str) and not is_plain(value):
        raise ParseError(_("The input holds a character that no text may hold."))
    if isinstance(value, dict):
        for name, inner in value.items():
            check_text(name, depth + 1)
            check_text(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_text(inner, depth + 1)


def is_plain(text: str) -> bool:
    """Text without NUL and without half a surrogate pair; databases take neither."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    if len(text) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)
