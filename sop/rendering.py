"""The text of a version as HTML: Markdown without any HTML of its own, then cleaned."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


@lru_cache(maxsize=128)
def as_html(text: str) -> SafeString:
    """`text` as HTML that is safe to show: no scripts, styles, pictures or foreign attributes."""
    clean = nh3.clean(
        PARSER.render(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes={"https", "http", "mailto"}
    )
    return mark_safe(clean)  # noqa: S308  (cleaned above)  # nosec B308 B703
