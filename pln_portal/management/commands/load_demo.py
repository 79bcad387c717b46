from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pln_portal import demo
from units.models import User

# In the order of the arrows: each stands on the ones before it.
LOADERS = (
    "customers.services.demo",
    "allocation.services.demo",
    "programs.services.demo",
    "tickets.services.demo",
    "tickets.services.demo_centre",
    "sop.services.demo",
)


class Command(BaseCommand):
    help = "Create demo accounts and data, if the database has no account yet."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo accounts have a known password; they are refused in production.")
        if User.objects.exists():
            return
        self.stdout.write("Creating demo accounts and data ...")
        with transaction.atomic():
            demo.create_accounts(password=settings.DEMO_PASSWORD)
            for path in LOADERS:
                import_module(path).load()
