"""What officers read in the back office is said in words and in the figures of their language."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from tickets.diagnosis_notices import condition_text, figure, warning_text
from tickets.models import SuggestionRule, Ticket
from tickets.rules.suggestions import LIMITS
from units.models import User

EXAMPLE = {"low": 180, "high": 260, "amps": 0.5, "percent": 10, "times": 0, "days": 30, "causes": [1, 2]}


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        (Decimal("255.00"), "id", "255"),
        (25000, "id", "25.000"),
        (228.4, "id", "228,4"),
        (25000.5, "en", "25,000.5"),
    ],
)
def test_a_figure_is_written_as_its_reader_writes_it(value: float, language: str, shown: str) -> None:
    with override(language):
        assert figure(value) == shown


def test_a_warning_says_its_limits_in_figures() -> None:
    with override("id"):
        said = warning_text({"kind": "out_of_range", "code": "47", "low": 0, "high": 25000})

    assert said == "Kode 47: biasanya antara 0 dan 25.000."


@pytest.mark.parametrize("condition", LIMITS)
def test_every_condition_of_a_rule_is_said_in_words(condition: str) -> None:
    said = condition_text(condition, {name: EXAMPLE[name] for name in LIMITS[condition]})

    assert condition not in said
    assert "%(" not in said


@pytest.mark.django_db
def test_the_list_of_rules_shows_no_code_of_a_condition(
    browse: Callable[[User], Client], vcc_operator: User
) -> None:
    page = browse(vcc_operator).get(reverse("admin:tickets_suggestionrule_changelist")).text

    assert SuggestionRule.objects.count() == len(LIMITS)
    assert "tegangan (41) di luar 180 sampai 260 V" in page
    assert "voltage_outside" not in page


def test_a_list_without_search_says_nothing_of_results(
    browse: Callable[[User], Client], back_office: User, ticket: Ticket
) -> None:
    client, page = browse(back_office), reverse("admin:units_unit_changelist")

    assert "Tampilkan semua" not in client.get(page).text.partition("</h1>")[0]
    assert '(<a href="?">Tampilkan semua</a>)' in client.get(page, {"q": "Menteng"}).text
