from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand

# In the order of the arrows: each stands on the ones before it.
LOADERS = (
    "units.services.reference",
    "customers.services.reference",
    "allocation.services.reference",
    "tickets.services.reference",
    "sop.services.reference",
    "programs.services.reference",
)


class Command(BaseCommand):
    help = "Load the reference data that comes with the portal. Does little when nothing has changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in LOADERS:
            for name, count in import_module(path).load().items():
                if count:
                    self.stdout.write(f"{name}: {count} rows written")
