from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.parsers import MultiPartParser

from common.errors import TooLarge
from tickets.services.photos import MAX_BYTES

ROOM_FOR_HEADERS = 64 * 1024


class PhotoParser(MultiPartParser):
    """One uploaded photo, refused by its announced size before it is read."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        announced = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if announced > MAX_BYTES + ROOM_FOR_HEADERS:
            raise TooLarge(_("A photo has at most 8 MB."), field="photo")
        return super().parse(stream, media_type, parser_context)
