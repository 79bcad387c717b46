"""What the page that tries a draft sends: the answers so far, and the new one."""

from __future__ import annotations

import json
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from common.errors import Invalid
from sop.api.forms import as_json

MOST_ANSWERS = 300
KEYS = {"step": str, "choice": str, "given": dict, "to": str}


def read_answers(text: str) -> list[dict[str, Any]]:
    """The answers that the page kept. Raises: nothing; what is malformed begins anew."""
    try:
        answers = json.loads(text)
    except ValueError:
        return []
    is_sound = isinstance(answers, list) and len(answers) <= MOST_ANSWERS and all(map(_is_answer, answers))
    return answers if is_sound else []


def _is_answer(answer: Any) -> bool:
    return isinstance(answer, dict) and all(
        key in KEYS and isinstance(value, KEYS[key]) for key, value in answer.items()
    )


def read_form(posted: QueryDict) -> list[dict[str, Any]]:
    """The new answer, if one was given: a choice, fields, a plain "next", or a step back.

    Raises:
        Invalid: a field is malformed.
    """
    if to := posted.get("to"):
        return [{"to": to}]
    if "step" not in posted:
        return []
    body = as_json(posted)
    fields = body.get("fields", {})
    if not isinstance(fields, dict):
        raise Invalid(_("This step has no fields."), field="fields")
    answer: dict[str, Any] = {"step": str(body.get("step", "")), "given": fields}
    return [answer | ({"choice": str(body["choice"])} if "choice" in body else {})]
