"""Payment files that must not come in, and what is said about each: line, column and code."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

from programs.rules import COLUMNS

HEADER = ",".join(COLUMNS) + "\n"
MEGABYTE = 1024 * 1024
Row = tuple[int, str, str]


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("payments.csv", content)
    return file.getvalue()


def bomb(start: bytes, filling: bytes, gigabytes: int = 10) -> bytes:
    """A gzip file of a few megabytes that unpacks to ten gigabytes: one member, again and again."""
    member = gzip.compress(filling * (16 * MEGABYTE // len(filling)), mtime=0)
    return gzip.compress(start, mtime=0) + member * (gigabytes * 1024 // 16)


def files(line: Callable[..., str]) -> dict[str, tuple[bytes, Row]]:
    """Name to content and one row of its report; `line` makes a good line of a payment file."""
    good = HEADER + line()
    return {
        "nothing": (b"", (1, "", "empty")),
        "no lines": (HEADER.encode(), (1, "", "empty")),
        "UTF-16": (good.encode("utf-16"), (1, "", "columns")),
        "Latin-1": (good.encode() + "caf\xe9\n".encode("latin-1"), (3, "", "not_utf8")),
        "NUL bytes": (good.encode() + b"\0\0\0\n", (3, "", "not_text")),
        "an image": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, (1, "", "columns")),
        "a long line": (good.encode() + b"7" * 5 * MEGABYTE, (3, "", "line_too_long")),
        "an open quote": ((good + '"540000000001,2021-02\n').encode(), (3, "", "cell_count")),
        "a quote over lines": ((good + line(reference='"A\nB"')).encode(), (3, "", "cell_count")),
        "a line twice": ((good + line()).encode(), (3, "reference", "repeated")),
        "a formula": ((good + line(reference="=HYPERLINK(1)")).encode(), (3, "reference", "bad_reference")),
        "a command": ((good + "=cmd|' /C calc'!A0" + "," * 10 + "\n").encode(), (3, "idpel", "bad_idpel")),
        "other columns": (b"a,b\n1,2\n", (1, "", "columns")),
        "columns in another order": (
            (",".join(reversed(COLUMNS)) + "\n" + line()).encode(),
            (1, "", "columns"),
        ),
        "a cell too many": ((good + line().replace("\n", ",1\n")).encode(), (3, "", "cell_count")),
        "ZIP": (zipped(good.encode()), (0, "", "is_zip")),
        "a ZIP bomb": (zipped(b"0" * 50 * MEGABYTE), (0, "", "is_zip")),
        "gzip by its name only": (b"\x1f\x8bnonsense", (1, "", "bad_gzip")),
        "too many wrong lines": ((good + "\n" * 20_000).encode(), (10_003, "", "too_many_errors")),
        "broken gzip": (gzip.compress(good.encode(), mtime=0)[:-12], (1, "", "bad_gzip")),
        "a gzip bomb of one line": (bomb(good.encode(), b"0", 1), (3, "", "line_too_long")),
        "a gzip bomb of blank lines": (bomb(good.encode(), b"\n"), (10_003, "", "too_many_errors")),
        "a gzip bomb of good lines": (bomb(good.encode(), line().encode()), (0, "", "bomb")),
        "gzip in gzip": (gzip.compress(gzip.compress(good.encode())), (1, "", "columns")),
    }
