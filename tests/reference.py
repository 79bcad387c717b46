"""The reference data of the tests: every unit, the areas of a few places, the matrix."""

from allocation.services import reference as allocation_reference
from customers.services import reference as customers_reference
from sop.services import reference as sop_reference
from tickets.services import reference as tickets_reference
from units.services import reference as units_reference

PLACES = ("31.71", "32.73", "32.75", "36.74", "34.71", "73.71", "91.71")


def load() -> None:
    units_reference.load(only=PLACES)
    customers_reference.load()
    allocation_reference.load()
    tickets_reference.load()
    sop_reference.load()
