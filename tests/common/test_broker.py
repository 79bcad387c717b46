"""The embedded broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from django.conf import settings
from kombu import Connection

from pln_portal import celery_app

MESSAGES = 400


@pytest.fixture
def channel(tmp_path: Path) -> Iterator:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    folders["control_folder"] = str(tmp_path / "control")
    transport = "common.broker:FileTransport"
    with Connection("filesystem://", transport=transport, transport_options=folders) as connection:
        yield connection.default_channel


def test_a_reader_never_meets_half_a_message(channel) -> None:
    taken: list[dict] = []
    written = threading.Event()

    def read() -> None:
        while True:
            is_last = written.is_set()
            try:
                taken.append(channel._get("work"))
            except Empty:
                if is_last:
                    return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(MESSAGES):
        channel._put("work", {"number": number, "padding": "x" * 2000})
    written.set()
    reader.join(timeout=30)

    assert sorted(message["number"] for message in taken) == list(range(MESSAGES))


def test_the_portal_uses_it_exactly_where_no_other_broker_is_named() -> None:
    with celery_app.connection_for_write() as connection:
        is_ours = type(connection.transport).__module__ == "common.broker"

    assert is_ours == settings.BROKER_URL.startswith("filesystem")
