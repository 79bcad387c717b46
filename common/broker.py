"""The embedded broker: messages as files, for a portal without RabbitMQ."""

from __future__ import annotations

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu's, but a message appears in the queue only once it is whole.

    Kombu writes a message into the folder that workers read, and a worker that comes in between takes half a
    message and dies of it.
    """

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        whole = Path(self.data_folder_out, name)
        begun = whole.with_name(f".{name}.begun")
        begun.write_bytes(str_to_bytes(dumps(payload)))
        begun.replace(whole)


class FileTransport(filesystem.Transport):
    Channel = Channel
