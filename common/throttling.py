"""Politeness limits. What must never be guessed is limited elsewhere (log-in, reveal)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from common.permissions import is_channel


class AgentThrottle(UserRateThrottle):
    scope = "agent"

    def allow_request(self, request: Request, view: Any) -> bool:
        return is_channel(request) or super().allow_request(request, view)


class ChannelThrottle(UserRateThrottle):
    scope = "channel"

    def allow_request(self, request: Request, view: Any) -> bool:
        return not is_channel(request) or super().allow_request(request, view)


class RevealThrottle(UserRateThrottle):
    """Revealing personal data, per person and hour."""

    scope = "reveal"
