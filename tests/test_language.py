"""Numbers, days and catalogues as readers of each language expect them."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.template import Context, Template
from django.utils import translation

ROOT = Path(__file__).resolve().parent.parent
VALUES = {"day": date(2022, 2, 18), "time": datetime(2022, 2, 18, 7, 5, tzinfo=UTC), "power": 1300}
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n#, python-format\n'


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("id", "18 Februari 2022 | 18 Februari 2022, 14.05 WIB | 1.300"),
        ("en", "18 February 2022 | 18 February 2022, 14:05 WIB | 1,300"),
    ],
)
def test_days_times_and_numbers_follow_the_language(language: str, shown: str) -> None:
    with translation.override(language):
        assert Template("{{ day }} | {{ time }} | {{ power }}").render(Context(VALUES)) == shown


def test_no_text_is_translated_both_as_ours_and_as_a_librarys() -> None:
    ours, libraries = (
        {message.id for message in read_po((ROOT / "locale" / name).open("rb")) if message.id}
        for name in ("id/LC_MESSAGES/django.po", "libraries/id/LC_MESSAGES/django.po")
    )

    assert ours
    assert libraries
    assert not ours & libraries


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('msgid "%(count)d lines"\nmsgstr "%(count)d baris"\n', ""),
        ('#, fuzzy\nmsgid "%(count)d lines"\nmsgstr "%(count)d baris"\n', "fuzzy"),
        ('msgid "%(count)d lines"\nmsgstr ""\n', "not translated"),
        ('msgid "%(total)d lines"\nmsgstr "%(total)d baris"\n', "missing"),
    ],
)
def test_an_incomplete_catalogue_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    for place, content in (("committed", text), ("fresh", 'msgid "%(count)d lines"\nmsgstr ""\n')):
        for name in ("id", "libraries/id"):
            folder = tmp_path / place / name / "LC_MESSAGES"
            folder.mkdir(parents=True)
            (folder / "django.po").write_text(PO + content)

    check = subprocess.run(
        [sys.executable, ROOT / "script/compare_catalogues.py", tmp_path / "committed", tmp_path / "fresh"],
        capture_output=True,
        text=True,
    )

    assert check.returncode == (1 if complaint else 0)
    assert complaint in check.stdout
