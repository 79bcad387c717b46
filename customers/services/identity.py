"""The NIK of a customer: sealed, and known by its hash."""

from __future__ import annotations

from customers import cipher, rules
from customers.models import Customer

PLACE = "customers_customer.nik"


def set_nik(customer: Customer, nik: str) -> None:
    """Put `nik` on the unsaved row, sealed; an empty one removes it.

    Raises:
        Invalid: it is not a NIK.
    """
    customer.nik_encrypted = cipher.encrypt(rules.check_nik(nik).encode(), place=PLACE) if nik else None
    customer.nik_hash = nik_hash(nik) if nik else ""


def nik_of(customer: Customer) -> str:
    """The NIK in full, or nothing. For `privacy` only: what leaves the portal is masked or logged."""
    if customer.nik_encrypted is None:
        return ""
    return cipher.decrypt(customer.nik_encrypted, place=PLACE).decode()


def nik_hash(nik: str) -> str:
    """By which the connections of one person are found, without the NIK itself."""
    return cipher.blind_index(nik, place=PLACE)
