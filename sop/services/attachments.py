"""Original files of a draft: PDF, DOCX and pictures, told apart by what they hold, never by their name."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from common.errors import Conflict, Invalid, TooLarge
from sop.models import Attachment, SopVersion
from sop.services.documents import lock_draft
from units.models import User

MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 20
MAX_PIXELS = 40_000_000
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PICTURES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}
DOCX_PARTS = {"[Content_Types].xml", "word/document.xml"}
PDF_BEGINNING, ZIP_BEGINNING = b"%PDF-", b"PK\x03\x04"
NOT_IN_A_NAME = re.compile(r"[^\w .()-]+")


class BadFile(Invalid):
    """Neither a PDF nor a DOCX nor a picture."""

    code = "bad_file"


class TooManyFiles(Conflict):
    """A version has twenty files at most."""

    code = "too_many_files"


@transaction.atomic
def add_attachment(*, version: SopVersion, file: BinaryIO, name: str, by: User, at: datetime) -> Attachment:
    """Keep a file with a draft, under a name of the portal's choice.

    Raises:
        Forbidden, NotTheAuthor, NotADraft: see `sop.services.documents.edit_version`.
        BadFile, TooLarge, TooManyFiles: it cannot be kept.
    """
    row = lock_draft(version, by, at)
    content = read_limited(file)
    content_type, suffix = sniff(content)
    if row.attachments.count() >= MAX_FILES:
        raise TooManyFiles(_("A version has at most %(count)s files.") % {"count": MAX_FILES}, field="file")
    digest = hashlib.sha256(content).hexdigest()
    attachment = Attachment(
        version=row,
        file_name=plain_name(name, suffix),
        content_type=content_type,
        size=len(content),
        digest=digest,
        uploaded_by=by,
    )
    attachment.file.save(f"{digest[:32]}{suffix}", ContentFile(content), save=False)
    attachment.save()
    return attachment


@transaction.atomic
def remove_attachment(*, attachment: Attachment, by: User, at: datetime) -> None:
    """Take a file out of a draft. Raises as `add_attachment`."""
    lock_draft(attachment.version, by, at)
    storage, name = attachment.file.storage, str(attachment.file.name)
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(name), robust=True)


def read_limited(file: BinaryIO) -> bytes:
    """The whole file. Raises: TooLarge past 20 MB."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLarge(_("The file is larger than 20 MB."), field="file")
    return content


def sniff(content: bytes) -> tuple[str, str]:
    """The type of a file by its content, and the suffix of its name.

    Raises:
        BadFile: none that is kept; a DOCX with macros is none.
    """
    if content.startswith(PDF_BEGINNING):
        return PDF, ".pdf"
    if content.startswith(ZIP_BEGINNING):
        return _docx(content)
    return _picture(content)


def _docx(content: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise _bad_file() from error
    if not parts >= DOCX_PARTS or any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise _bad_file()
    return DOCX, ".docx"


def _picture(content: bytes) -> tuple[str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise _bad_file()
                picture.verify()
                return PICTURES[str(picture.format)]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _bad_file() from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _bad_file() from error


def _bad_file() -> BadFile:
    return BadFile(_("Only PDF, DOCX without macros, JPEG, PNG and WebP are kept."), field="file")


def plain_name(name: str, suffix: str) -> str:
    """The uploader's name without folders and odd characters, with the suffix of what the file is."""
    stem = NOT_IN_A_NAME.sub("_", PurePath(name.replace("\\", "/")).stem).strip(" ._") or "lampiran"
    return stem[: 120 - len(suffix)] + suffix
