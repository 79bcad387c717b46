"""One world for the tests of a file: built once, and given to each as it was at first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.security.world import World


@pytest.fixture(scope="module")
def files_of_the_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any, files_of_the_world: Path) -> Iterator[World]:
    """The world, in a transaction around those of the tests, each of which takes back its own changes."""
    whole = transaction.atomic()
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=files_of_the_world):
        whole.__enter__()
        world = World()
    yield world
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def world(stage: World, db: None, settings: Any, files_of_the_world: Path) -> World:
    settings.MEDIA_ROOT = files_of_the_world
    return stage
