"""Demo accounts, named by role. Only for a database without accounts, and never in production."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from oauth2_provider.models import Application

from units.models import Position, Unit, User
from units.powers import Role

SINCE = datetime(2020, 1, 1, tzinfo=ZoneInfo("Asia/Jakarta"))
CHANNEL = "pln-mobile"

# account, role, unit, whether the admin is open to it
ACCOUNTS = (
    ("admin", Role.BACK_OFFICE, "PLN Pusat", True),
    ("cso", Role.CSO, "PLN Pusat", False),
    ("supervisor", Role.SUPERVISOR, "PLN Pusat", True),
    ("manager.menteng", Role.MANAGER_UP3, "UP3 Menteng", True),
    ("manager.bandung", Role.MANAGER_UP3, "UP3 Bandung", True),
    ("srm.jakarta", Role.SRM_NIAGA, "UID Jakarta Raya", True),
    ("vcc", Role.VCC_OPERATOR, "PLN Pusat", True),
    ("posko.menteng", Role.POSKO_OFFICER, "UP3 Menteng", True),
    ("program.jakarta", Role.PROGRAM_OFFICER, "UID Jakarta Raya", True),
    ("sop.author", Role.SOP_AUTHOR, "PLN Pusat", True),
    ("sop.approver", Role.SOP_APPROVER, "PLN Pusat", True),
    (CHANNEL, Role.CHANNEL, "PLN Pusat", False),
)


def create_accounts(*, password: str) -> None:
    """The demo accounts with their positions, and the OAuth client of the channel `pln-mobile`."""
    hashed = make_password(password)
    for username, role, unit, is_staff in ACCOUNTS:
        user = User.objects.create(
            username=username,
            password=make_password(None) if role == Role.CHANNEL else hashed,
            is_staff=is_staff,
            is_superuser=username == "admin",
        )
        Position.objects.create(holder=user, role=role, unit=Unit.objects.get(name=unit), starts_at=SINCE)
    Application.objects.create(
        name="PLN Mobile",
        client_id=CHANNEL,
        client_secret=password,
        user=User.objects.get(username=CHANNEL),
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
