"""Who reads: people of the house, or a channel and its users."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from common.permissions import is_channel
from common.views import ScopedViewSet
from units.models import User
from units.powers import Power


def is_insider(request: Request) -> bool:
    """Whether the reader may get what is for people of the house.

    A system's token never does. Otherwise the positions decide, not the way of logging in: who may not see
    customers, masked, gets of a ticket what its reporter may know.
    """
    return not is_channel(request) and cast(User, request.user).may(Power.SEE_CUSTOMERS)


class HouseViewSet(ScopedViewSet):
    """A viewset with fragments for the agent screens: they hold words of the house, so channels get JSON."""

    @property
    def is_for_insider(self) -> bool:
        """Whether to answer as to people of the house; the API's document describes that, too."""
        return getattr(self, "swagger_fake_view", False) or is_insider(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.accepted_renderer.format == "html" and not is_insider(request):
            raise NotAcceptable
