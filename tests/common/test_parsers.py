"""Bodies that a database and a reader can hold."""

import contextlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from common.errors import TooLarge
from common.parsers import MAX_BYTES, StrictFormParser, StrictJSONParser, is_plain


def parse(raw: bytes) -> Any:
    return StrictJSONParser().parse(BytesIO(raw))


def test_an_object_is_read_as_it_is() -> None:
    assert parse('{"a": [1, 2.5, null, true, "é🔌"], "b": {"c": ""}}'.encode()) == {
        "a": [1, 2.5, None, True, "é🔌"],
        "b": {"c": ""},
    }


@given(st.binary(max_size=200))
def test_whatever_the_bytes_the_answer_is_an_object_or_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(ParseError):
        assert isinstance(parse(raw), dict)


@given(st.text(alphabet=st.characters(), max_size=30))
def test_plain_text_is_what_utf8_can_carry_without_nul(text: str) -> None:
    carried = text.encode("utf-8", "ignore").decode() == text

    assert is_plain(text) == (carried and "\x00" not in text)


def test_the_limit_is_256_kb_to_the_byte() -> None:
    filler = MAX_BYTES - len('{"a": ""}')
    assert parse(b'{"a": "' + b"x" * filler + b'"}')["a"]
    with pytest.raises(TooLarge):
        parse(b'{"a": "' + b"x" * (filler + 1) + b'"}')


def test_a_form_keeps_its_fields() -> None:
    data = StrictFormParser().parse(BytesIO(b"a=1&a=2&b=%C3%A9"))

    assert dict(data.lists()) == {"a": ["1", "2"], "b": ["é"]}
