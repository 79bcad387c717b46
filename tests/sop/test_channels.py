"""What a channel system can read of the SOPs: nothing that is for the agent only."""

from __future__ import annotations

import re

import pytest
import yaml
from django.conf import settings

from sop.models import Procedure

from .periksa import GAMBIR, ON, PHONE

pytestmark = pytest.mark.django_db

SCOPES = "read allocation tickets agent"
FOR_AGENTS_ONLY = ("internal", "guide")


def addresses(**values: str) -> list[str]:
    """Every address of the API that answers a GET, its parameters filled with what there is to read."""
    schema = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text("utf-8"))
    paths = [path for path, methods in schema["paths"].items() if "get" in methods]
    return [re.sub(r"\{(\w+)\}", lambda it: values.get(it[1], "1"), path) for path in paths]


def internal_texts() -> set[str]:
    """What the procedures tell the agent only."""
    steps = (step for row in Procedure.objects.all() for step in row.compiled["steps"].values())
    texts = {" ".join(str(step[key]).split()) for step in steps for key in FOR_AGENTS_ONLY if key in step}
    return {text for text in texts if len(text) > 20}


@pytest.fixture
def diagnosing(desk, household):
    """A call of PERIKSA that stands at the first reading, whose meaning is internal."""
    household()
    return desk.call("periksa", caller_number=PHONE, area=GAMBIR, on="2024-03-01").walk(**ON, until="kode_08")


def test_no_answer_to_a_channel_holds_a_text_for_agents(diagnosing, channel_api):
    client = channel_api(SCOPES)
    texts = internal_texts()
    here = addresses(slug="periksa", n="2", m="1", id=diagnosing.now["id"], number="G240301000001")

    answers = {path: client.get(path) for path in here}

    assert len(texts) > 20
    assert diagnosing.shown("kode_08")["internal"] in texts
    read = {path for path, answer in answers.items() if answer.status_code == 200}
    assert {"/api/v1/tickets/", "/api/v1/units/", "/api/v1/allocation/matrix/"} <= read
    for path, answer in answers.items():
        shown = " ".join(answer.content.decode(errors="replace").split())
        assert not [text for text in texts if text in shown], path
        assert "/sop/" not in path or answer.status_code in (403, 404), path
        assert "/calls/" not in path or answer.status_code in (403, 404), path
