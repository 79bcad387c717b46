"""Scripts: verbatim text whose known fragments are filled in one pass. Nothing is ever evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

PLACEHOLDERS = frozenset(
    {
        "sapaan",
        "nama",
        "nama_cso",
        "waktu",
        "jalan",
        "wilayah",
        "idpel",
        "daya",
        "produk",
        "produk_lain",
        "notifikasi",
        "skema",
        "tmp",
        "jatuh_tempo",
        "unit",
        "tanggal",
        "nomor_laporan",
        "laporan_sebelumnya",
        "kalimat_hubungi",
        "jam_konfirmasi",
        "program",
    }
)
NAMESPACES = ("isian", "jawaban", "nilai")
# The seeds' own spellings.
ALIASES = {
    **dict.fromkeys(
        (
            "{Bapak/Ibu}",
            "{Bapak / Ibu}",
            "{bapak/Ibu}",
            "{Bp/Ibu}",
            "{Pak/Bu}",
            "Bapak/Ibu",
            "Bpk/Ibu",
        ),
        "{sapaan}",
    ),
    **dict.fromkeys(
        (
            "{Nama Penelepon}",
            "{nama penelepon}",
            "{... nama penelepon ...}",
            "(Nama Penelepon)",
            "(nama penelepon)",
            "{Nama Pelapor}",
            "{Nama Pemohon}",
        ),
        "{nama}",
    ),
    "(..... Nama CSO)": "{nama_cso}",
    "{(Pagi/Siang/Sore/Malam)}": "{waktu}",
    "Pagi/Siang/Sore/Malam": "{waktu}",
}
TOKEN = re.compile(r"\{([^{}]*)\}")
ANY_BRACES = r"\{[^{}]*\}"
# Usage of the country; the SOPs leave the boundaries open.
GREETINGS = ((4, "Malam"), (11, "Pagi"), (15, "Siang"), (18, "Sore"), (24, "Malam"))

Fill = Mapping[str, str]


def greeting(hour: int) -> str:
    """Pagi, Siang, Sore or Malam at that hour (0 to 23) of the office's clock."""
    return next(word for end, word in GREETINGS if hour < end)


def render(text: str, values: Mapping[str, str], fill: Fill | None = None) -> str:
    """`text` with every fragment of `fill`, every known spelling and every placeholder replaced by its value.

    One pass: a value that looks like a placeholder stays as it is. What has no value keeps its spelling.
    """

    def replace(match: re.Match[str]) -> str:
        found = match[0]
        return _filled(known.get(found, found), values) or found

    known = {**ALIASES, **(fill or {})}
    return _pattern(tuple(known)).sub(replace, text)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled, or nothing where a value is missing."""
    names = TOKEN.findall(template)
    if any(not values.get(name) for name in names):
        return ""
    return TOKEN.sub(lambda match: values[match[1]], template)


@lru_cache(maxsize=512)
def _pattern(fragments: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(fragments, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, longest_first), ANY_BRACES]))


def names_in(text: str, fill: Fill | None = None) -> Iterator[str]:
    """The placeholders that `text` asks for, also those behind fragments and spellings."""
    known = {**ALIASES, **(fill or {})}
    for match in _pattern(tuple(known)).finditer(text):
        yield from TOKEN.findall(known.get(match[0], match[0]))


def is_placeholder(name: str) -> bool:
    """Whether there is such a placeholder. What a namespace names is looked up elsewhere."""
    space, dot, rest = name.partition(".")
    return name in PLACEHOLDERS or (bool(dot) and space in NAMESPACES and bool(rest))


def fit(words: Iterable[str], *texts: str) -> int:
    """How many of the (lower-case) words stand in the texts."""
    joined = " ".join(texts).lower()
    return sum(word in joined for word in words)
