"""Back office of tickets."""

from tickets.admin import inbox, reference, tickets

__all__ = ["inbox", "reference", "tickets"]
