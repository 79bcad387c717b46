from programs.models.evaluation import Draw, Entry, EntryCount, Evaluation, Seed
from programs.models.payments import Payment, PaymentDay, PaymentImport, PaymentKind
from programs.models.program import PUBLIC, Grouping, Program, ProgramEvent, Status
from programs.models.winners import MAX_WRONG_CODES, Contact, Reward, Winner, WinnerQuerySet

__all__ = [
    "MAX_WRONG_CODES",
    "PUBLIC",
    "Contact",
    "Draw",
    "Entry",
    "EntryCount",
    "Evaluation",
    "Grouping",
    "Payment",
    "PaymentDay",
    "PaymentImport",
    "PaymentKind",
    "Program",
    "ProgramEvent",
    "Reward",
    "Seed",
    "Status",
    "Winner",
    "WinnerQuerySet",
]
