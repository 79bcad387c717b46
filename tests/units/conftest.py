from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from units.services import reference


@pytest.fixture(scope="module")
def indonesia(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Every area of the country: seconds to load, hence once per module, and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        reference.load()
        yield
        transaction.set_rollback(True)
