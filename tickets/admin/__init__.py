"""Back office of tickets."""

from tickets.admin import diagnoses, inbox, incidents, orders, reference, tickets, webhooks

__all__ = ["diagnoses", "inbox", "incidents", "orders", "reference", "tickets", "webhooks"]
