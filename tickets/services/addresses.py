"""Where a webhook may go: https on the public internet, or networks that the operator has opened."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Invalid
from tickets.rules.webhooks import is_allowed_address

SCHEMES = {"https": 443, "http": 80}


class AddressRefused(Invalid):
    """A webhook may not go there."""

    code = "address_refused"


@dataclass(frozen=True)
class Target:
    """A host whose address was looked up and judged once; the connection is made to that address only."""

    host: str
    port: int
    address: str
    path: str
    is_tls: bool


def check_url(url: str) -> SplitResult:
    """What can be said of an address without looking its host up.

    Raises:
        AddressRefused: not https (http outside of production too), with a name or password in it, or without
            a host.
    """
    refusal = AddressRefused(_("Give an https address of a public host."), field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refusal from error
    allowed = ("https",) if settings.PRODUCTION else tuple(SCHEMES)
    has_account = parts.username is not None or parts.password is not None
    if parts.scheme not in allowed or not parts.hostname or has_account or port == 0:
        raise refusal
    if not url.isascii() or any(ord(sign) <= 32 for sign in url):
        raise refusal
    return parts


def resolve(url: str) -> Target:
    """Look the host up and judge every address that it has; one private address is one too many.

    Raises:
        AddressRefused: it is private, reserved, or not known.
    """
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or SCHEMES[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(_("This host is not known."), field="url") from error
    opened = [ip_network(text) for text in settings.WEBHOOK_NETWORKS]
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(is_allowed_address(address, opened) for address in addresses):
        raise AddressRefused(_("Webhooks do not go to private addresses."), field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, str(addresses[0]), path, parts.scheme == "https")
