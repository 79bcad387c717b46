"""Personal data at rest: AES-256-GCM to keep it, a keyed hash to find it again.

`settings.PERSONAL_DATA_KEYS` holds texts of at least 32 characters. The first encrypts; all decrypt, so that
a new key is put in front and the old ones stay. The hash has a key of its own (`PERSONAL_DATA_PEPPER`).
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES
SHORTEST_KEY = 32


class UndecipherableError(Exception):
    """No configured key opens this: it was changed, moved to another column, or its key is gone."""


def encrypt(plain: bytes, *, place: str) -> bytes:
    """Seal `plain` for one place (`table.column`); it opens nowhere else, and never looks the same."""
    key_id, key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    head = VERSION + key_id
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + place.encode())


def decrypt(sealed: bytes | memoryview, *, place: str) -> bytes:
    """Open what `encrypt` sealed for `place`.

    Raises:
        UndecipherableError: it does not open.
    """
    sealed = bytes(sealed)
    head, nonce, body = sealed[:5], sealed[5:HEAD_BYTES], sealed[HEAD_BYTES:]
    key = dict(_keys()).get(head[1:])
    if key is None or head[:1] != VERSION:
        raise UndecipherableError(place)
    try:
        return AESGCM(key).decrypt(nonce, body, head + place.encode())
    except (InvalidTag, ValueError) as error:
        raise UndecipherableError(place) from error


def blind_index(plain: str, *, place: str) -> str:
    """A hash, 64 hex digits, that only the holder of the pepper can make: equal texts have equal hashes."""
    message = f"{place}\0{plain}".encode()
    return hmac.new(settings.PERSONAL_DATA_PEPPER.encode(), message, hashlib.sha256).hexdigest()


def _keys() -> list[tuple[bytes, bytes]]:
    return [_derive(secret) for secret in settings.PERSONAL_DATA_KEYS]


@functools.lru_cache(maxsize=16)
def _derive(secret: str) -> tuple[bytes, bytes]:
    """A key's public id and its 32 bytes, from a text of any form."""
    if len(secret) < SHORTEST_KEY:
        raise ImproperlyConfigured("Each of PERSONAL_DATA_KEYS must have at least 32 characters.")
    length = KEY_ID_BYTES + 32
    made = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=b"pln-portal personal data")
    derived = made.derive(secret.encode())
    return derived[:KEY_ID_BYTES], derived[KEY_ID_BYTES:]
