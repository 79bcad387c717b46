"""Outgoing webhooks as Standard Webhooks describes them: the signature, the pauses, the addresses."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

PREFIX = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
# Growing pauses after the first, second … failure; after the last one the delivery is parked.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def write_secret(key: bytes) -> str:
    """The secret as its holder gets it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(key).decode()


def read_secret(text: str) -> bytes | None:
    """The key in a `whsec_` secret; None where it is not one of 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if text.startswith(PREFIX) and SHORTEST_SECRET <= len(key) <= LONGEST_SECRET else None


def signed_headers(*, message_id: str, timestamp: int, body: bytes, key: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature` (v1: HMAC-SHA-256 of id.timestamp.body)."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def pause_after(failures: int) -> timedelta | None:
    """How long to wait after so many failures; None: no more tries."""
    return PAUSES[failures - 1] if failures <= len(PAUSES) else None


def is_allowed_address(address: Address, allowed: Iterable[Network]) -> bool:
    """A public address, or one in a network that the operator has opened (an app's own gateway).

    IPv6 forms that carry an IPv4 address are judged by what they carry.
    """
    carried = _carried(address)
    if any(carried in network for network in allowed):
        return True
    return carried.is_global and not carried.is_multicast and not carried.is_reserved


def _carried(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


NAT64 = IPv6Network("64:ff9b::/96")
