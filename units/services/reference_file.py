"""A file of reference data that the portal brings along, and whether its content is in the database."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction

from common.models import ReferenceLoad


class ReferenceFile:
    """A CSV file in `fixtures/`, gzipped or not.

    Its digest also covers `made_with`: whatever else decides which rows it becomes.
    """

    def __init__(self, filename: str, *made_with: str) -> None:
        self.name = filename
        self.content = (settings.BASE_DIR / "fixtures" / filename).read_bytes()
        self.digest = hashlib.sha256(self.content + repr(made_with).encode()).hexdigest()

    def is_loaded(self) -> bool:
        """One query, no lock: a second start has nothing to do."""
        return ReferenceLoad.objects.filter(name=self.name, digest=self.digest).exists()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """All or nothing; two loads of the same file wait for each other."""
        with transaction.atomic():
            record, _ = ReferenceLoad.objects.select_for_update().get_or_create(name=self.name)
            yield
            record.digest = self.digest
            record.save()

    def rows(self) -> Iterator[dict[str, str]]:
        content = gzip.decompress(self.content) if self.name.endswith(".gz") else self.content
        return csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
