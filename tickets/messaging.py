"""Messages to customers by WhatsApp and SMS: a gateway, behind one function.

`settings.MESSAGE_GATEWAY` names a class with the method of `MessageGateway`; without one no message is sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class NotSentError(Exception):
    """The gateway did not take the message; its first argument says why, without the message."""


class MessageGateway(Protocol):
    """What the portal asks of a gateway."""

    def send(self, *, way: str, number: str, text: str, reference: str) -> None:
        """Send `text` to a number in E.164 by WA or SMS, once per `reference`.

        Raises:
            NotSentError: it was not taken.
        """


class SimulatedMessageGateway:
    """Not a gateway: takes every message and sends none. For demos and tests only."""

    def send(self, *, way: str, number: str, text: str, reference: str) -> None:
        """Nothing leaves the portal."""


@lru_cache(maxsize=4)
def _gateway(path: str) -> MessageGateway:
    gateway: MessageGateway = import_string(path)()
    return gateway


def is_connected() -> bool:
    return bool(settings.MESSAGE_GATEWAY)


def send(*, way: str, number: str, text: str, reference: str) -> None:
    """Hand one message to the gateway.

    Raises:
        NotSentError: there is no gateway, or it did not take the message.
    """
    if not settings.MESSAGE_GATEWAY:
        raise NotSentError("no gateway")
    try:
        _gateway(settings.MESSAGE_GATEWAY).send(way=way, number=number, text=text, reference=reference)
    except OSError as error:
        raise NotSentError(type(error).__name__) from error
