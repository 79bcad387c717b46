import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from pln_portal import demo
from units.models import User


class Command(BaseCommand):
    help = "Bring database, reference data and static files up to date. Does little when nothing has changed."
    requires_system_checks: list[str] = []  # `manage.py check` is a step of its own; here they cost a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="create no demo accounts and data")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {error}") from error
        self._migrate()
        call_command("load_reference", stdout=self.stdout)
        if not options["no_demo"]:
            call_command("load_demo", stdout=self.stdout)
            self._show_demo_accounts()
        self._collect_static()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Updating the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def _show_demo_accounts(self) -> None:
        """Only those that still have the demo password: they were made with one and the same hash."""
        names = {name: f"{role.label}, {unit}" for name, role, unit, _ in demo.ACCOUNTS}
        first = User.objects.filter(username__in=names, is_active=True).order_by("pk").first()
        if not first or not first.check_password(settings.DEMO_PASSWORD):
            return
        self.stdout.write(f"\nDemo accounts, password {settings.DEMO_PASSWORD}:")
        for user in User.objects.filter(username__in=names, password=first.password).order_by("pk"):
            self.stdout.write(f"  {user.username:<16} {names[user.username]}")

    def _collect_static(self) -> None:
        seen = Path(f"{settings.STATIC_ROOT}.digest")
        digest = _static_digest()
        if seen.exists() and seen.read_text() == digest:
            return
        self.stdout.write("Collecting static files ...")
        call_command("collectstatic", interactive=False, verbosity=0)
        seen.write_text(digest)


def _static_digest() -> str:
    """Changes when a static file is added, removed or edited, or when they are stored in another way."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{storage.path(path)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
