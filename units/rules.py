"""What an area's code and official name tell: level, parent, time zone and label."""

from __future__ import annotations

from collections.abc import Sequence

ZONE_OF_PROVINCE = (
    dict.fromkeys(
        (
            "11",
            "12",
            "13",
            "14",
            "15",
            "16",
            "17",
            "18",
            "19",
            "21",
            "31",
            "32",
            "33",
            "34",
            "35",
            "36",
            "61",
            "62",
        ),
        "Asia/Jakarta",
    )
    | dict.fromkeys(("51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"), "Asia/Makassar")
    | dict.fromkeys(("81", "82", "91", "92", "93", "94", "95", "96"), "Asia/Jayapura")
)

# Per level of the area tree: how an official name begins, and how the label begins.
LABEL_BEGINNINGS = {
    1: (("DAERAH KHUSUS IBUKOTA ", "DKI "), ("DAERAH ISTIMEWA ", "DI ")),
    2: (
        ("KABUPATEN ADMINISTRASI ", "KAB. ADM. "),
        ("KOTA ADMINISTRASI ", "KOTA ADM. "),
        ("KABUPATEN ", "KAB. "),
    ),
}


def area_level(code: str) -> int:
    """1 for a province (`31`) down to 4 for a village (`31.71.01.1001`)."""
    return code.count(".") + 1


def parent_code(code: str) -> str | None:
    """The code one level up; None for a province."""
    return code.rpartition(".")[0] or None


def area_zone(code: str) -> str:
    """The IANA zone of the province that `code` begins with: WIB, WITA or WIT.

    Raises:
        KeyError: a province that the table does not know, e.g. one founded since.
    """
    return ZONE_OF_PROVINCE[code[:2]]


def display_name(code: str, name: str) -> str:
    """The label as the form of seed 002 writes it: `DKI JAKARTA`, `KOTA ADM. JAKARTA PUSAT`, `GAMBIR`."""
    label = name.upper()
    for official, short in LABEL_BEGINNINGS.get(area_level(code), ()):
        if label.startswith(official):
            return short + label.removeprefix(official)
    return label


def is_wanted(code: str, only: Sequence[str]) -> bool:
    """Whether `code` is one of `only`, below one of them, or above one of them. Without any, all are."""
    return not only or any(f"{code}.".startswith(f"{it}.") or it.startswith(f"{code}.") for it in only)
