"""One endpoint, two renderings: JSON for any frontend, an HTML fragment for the agent screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.response import Response


class FragmentRenderer(TemplateHTMLRenderer):
    """Renders `view.fragment` with the same data as the JSON answer; problems with `problem.html`."""

    format = "html"
    exception_template_names = ["problem.html"]

    def get_template_context(self, data: Any, renderer_context: Mapping[str, Any]) -> dict[str, Any]:
        return {"data": data, "status_code": renderer_context["response"].status_code}

    def get_template_names(self, response: Response, view: Any) -> list[str]:
        return [view.fragment]
