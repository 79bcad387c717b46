"""What a unit can install, the matrix that decides what may be promised, and every question asked."""

from allocation.models.availability import MeterAvailability
from allocation.models.checks import AllocationCheck, AllocationCheckQuerySet
from allocation.models.choices import Availability, Channel, MatrixStatus, Outcome, Transaction
from allocation.models.matrix import AllocationMatrix, AllocationRow, MatrixIsPublished, refuse_published

__all__ = (
    "AllocationCheck",
    "AllocationCheckQuerySet",
    "AllocationMatrix",
    "AllocationRow",
    "Availability",
    "Channel",
    "MatrixIsPublished",
    "MatrixStatus",
    "MeterAvailability",
    "Outcome",
    "Transaction",
    "refuse_published",
)
