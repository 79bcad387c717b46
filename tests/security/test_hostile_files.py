"""Files that nobody should send, wherever the portal takes one: photos, payments, attachments, imports."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from common.errors import DomainError
from sop.services.attachments import add_attachment
from tests.security.changes import undone
from tests.security.endpoint import Endpoint
from tests.security.hostile import SEAT, Key, Users, send, tried
from tests.security.test_permission_matrix import MATRIX
from tests.security.world import World, appoint, logged_in
from units.models import User
from units.powers import Role

pytestmark = pytest.mark.django_db

UPLOADS = [key for key, it in MATRIX.items() if it.upload]


@pytest.fixture
def users(world: World) -> Users:
    return Users(world, MATRIX)


def _jpeg(**more: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "JPEG", **more)
    return buffer.getvalue()


def _png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


FILES: dict[str, bytes] = {
    "nothing": b"",
    "text": b"hello",
    "NUL": b"\x00" * 1000,
    "raw bytes": bytes(range(256)) * 20,
    "half a picture": _jpeg()[:200],
    "only the first bytes of a JPEG": b"\xff\xd8\xff",
    "a picture of 50,000 by 50,000": _png_that_claims(50_000, 50_000),
    "a picture without size": _png_that_claims(0, 0),
    "a GIF of one byte too few": b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
    "SVG with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "TIFF that points past its end": b"II*\x00\xff\xff\xff\x7f",
    "HTML behind a picture": _jpeg() + b"<script>alert(1)</script>",
    "ZIP": b"PK\x03\x04" + b"\x00" * 60,
    "a gzip bomb": gzip.compress(b"0" * 20_000_000),
    "half a gzip": gzip.compress(b"idpel\n")[:-5],
    "UTF-16": "idpel,period\n".encode("utf-16"),
    "one long line": b"x" * 2_000_000,
    "PDF of one line": b"%PDF-1.7\n",
    "formulas": b"=cmd|' /C calc'!A0,@SUM(1)\n",
}
NAMES = ("../../etc/passwd", "a\x00b.jpg", "x" * 400 + ".csv", "=cmd.csv", "\u202egpj.exe", "con:", " ")
X, END = "multipart/form-data; boundary=x", b"--x--\r\n"


def part(disposition: bytes) -> bytes:
    return b"--x\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n!!!\r\n" + END


MULTIPART: dict[str, tuple[bytes, str]] = {
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "an empty boundary": (b"--\r\n", "multipart/form-data; boundary="),
    "a boundary of bytes": (b"--x\r\n", "multipart/form-data; boundary=\xff\xfe"),
    "a boundary without end": (b"--x\r\n", "multipart/form-data; boundary=" + "x" * 5000),
    "no end": (part(b'name="photo"; filename="a"').removesuffix(END), X),
    "no parts": (END, X),
    "a part without a name": (part(b"x"), X),
    "a broken name": (part(b"name=\"photo\"; filename*=utf-8''%ff%00"), X),
    "broken base64": (part(b'name="file"; filename="a"\r\nContent-Transfer-Encoding: base64'), X),
    "5,000 fields": (b"".join(part(b'name="a%d"' % n).removesuffix(END) for n in range(5000)) + END, X),
}


@pytest.mark.parametrize("key", UPLOADS, ids=lambda key: key[0])
def test_a_hostile_file_breaks_no_endpoint(key: Key, world: World, users: Users) -> None:
    watch = users.all_there()
    cases = uploads(MATRIX[key], users.who(*key), users.path(*key))

    assert [f"{case}: {fault}" for case, ask in cases.items() for fault in tried(watch, ask)] == []


def uploads(endpoint: Endpoint, client: Client, path: str) -> dict[str, Callable[[], Any]]:
    """Good files under bad names, bad files, and what is no file at all."""
    good = endpoint.upload()

    def upload(name: str, content: bytes, **more: Any) -> Any:
        sent = SimpleUploadedFile("file", content, content_type="image/svg+xml")
        sent._name = name  # as it is on the wire: Django cleans what it is given here
        return client.post(path, {endpoint.upload_as: sent, **more})

    return {
        **{case: partial(upload, "a", content) for case, content in FILES.items()},
        **{repr(name): partial(upload, name, good) for name in NAMES},
        **{case: partial(send, client, "POST", path, *made) for case, made in MULTIPART.items()},
        "something beside": partial(upload, "a", good, extra="1", replaces="9" * 30),
        "text for a file": partial(client.post, path, {endpoint.upload_as: "text"}),
    }


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.docx", "a.exe", *NAMES])
def test_an_attachment_is_kept_or_refused_whatever_is_in_it(
    name: str, world: World, sop_author: User
) -> None:
    version = world.sop.drafts["PLN Pusat"].versions.get()
    version.document.versions.update(author=sop_author)
    assert attached(version, FILES["PDF of one line"], name, sop_author)
    for content in FILES.values():
        with undone():
            kept = attached(version, content, name, sop_author)
            assert kept is None or kept.content_type in SERVED


SERVED = {
    "application/pdf",
    "image/png",
    "image/jpeg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def attached(version: Any, content: bytes, name: str, by: User) -> Any:
    """The attachment, or None where it was refused."""
    file = SimpleUploadedFile("a", content)
    try:
        return add_attachment(version=version, file=file, name=name, by=by, at=timezone.now())
    except DomainError:
        return None


# By page: who may send the file, and the field that takes it.
FILE_FORMS = {
    "customers_customerimport_add": (Role.BACK_OFFICE, "file"),
    "units_servicearea_import": (Role.BACK_OFFICE, "file"),
    "programs_program_desk": (Role.PROGRAM_OFFICER, "upload-file"),
}


@pytest.mark.parametrize("form", FILE_FORMS)
def test_a_hostile_file_breaks_no_form_of_the_admin(form: str, world: World) -> None:
    role, field = FILE_FORMS[form]
    client = logged_in(appoint("actor", role, world.units["PLN Pusat"]))
    row = [world.programs.programs[SEAT, "approved"].pk] if form == "programs_program_desk" else []
    path, wrong = reverse(f"admin:{form}", args=row), {}
    for case, content in FILES.items():
        with undone():
            given = {"step": "upload", field: SimpleUploadedFile("a.csv", content)}
            if (status := client.post(path, given).status_code) not in (200, 302):
                wrong[case] = status
    assert wrong == {}
