"""Politeness limits. What must never be guessed is limited elsewhere (log-in, reveal).

The counts live in the cache. Without it agents and channels work on unlimited; revealing stops.
"""

from typing import Any

import structlog
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from common.permissions import is_channel

log = structlog.get_logger(__name__)


class PolitenessThrottle(UserRateThrottle):
    """Counts the requests of one kind of caller."""

    for_channels = False

    def allow_request(self, request: Request, view: Any) -> bool:
        if is_channel(request) != self.for_channels:
            return True
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            log.warning("throttle_without_cache", kind=type(error).__name__)
            return True


class AgentThrottle(PolitenessThrottle):
    scope = "agent"


class ChannelThrottle(PolitenessThrottle):
    scope = "channel"
    for_channels = True


class RevealThrottle(UserRateThrottle):
    """Revealing personal data, per person and hour."""

    scope = "reveal"
