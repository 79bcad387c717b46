"""SOPs as versioned documents, the procedures in them, and the calls that followed one."""

from sop.models.calls import Call, CallStatus, CallStep, HandOver, StepEvent
from sop.models.documents import (
    Acknowledgement,
    Attachment,
    ReviewReminder,
    SopDocument,
    SopRegion,
    SopVersion,
    VersionStatus,
)
from sop.models.procedures import OutcomeKind, Procedure, PsScheme, SopValue

__all__ = [
    "Acknowledgement",
    "Attachment",
    "Call",
    "CallStatus",
    "CallStep",
    "HandOver",
    "OutcomeKind",
    "Procedure",
    "PsScheme",
    "ReviewReminder",
    "SopDocument",
    "SopRegion",
    "SopValue",
    "SopVersion",
    "StepEvent",
    "VersionStatus",
]
