"""Photos of the meter display: decoded, turned upright, made small, and stored as a new JPEG."""

from __future__ import annotations

import hashlib
import io
import warnings
from datetime import datetime
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from common.errors import Conflict, Invalid, TooLarge
from tickets.models import MAX_PHOTOS, EventKind, Ticket, TicketPhoto
from tickets.services import ledger
from tickets.services.actors import reporter
from tickets.services.ledger import require_open
from units.models import User
from units.powers import Power

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")


class TooManyPhotos(Conflict):
    """A ticket has three photos at most."""

    code = "too_many_photos"


class BadPhoto(Invalid):
    """This is not a picture that the portal can read."""

    code = "bad_photo"


@transaction.atomic
def add_photo(*, ticket: Ticket, file: BinaryIO, by: User, at: datetime | None = None) -> TicketPhoto:
    """Add a photo to an open ticket. Nothing of the sent file is kept but its picture.

    Raises:
        Forbidden: `by` may not report here.
        TicketClosed: the ticket is closed or merged.
        TooManyPhotos: there are three.
        BadPhoto, TooLarge: it is no JPEG, PNG or WebP, or too large to be one of a meter.
    """
    at = at or timezone.now()
    content, size = reencode(file)
    current = ledger.lock(ticket)
    actor = reporter(user=by, power=Power.CREATE_TICKETS, unit=current.posko, at=at)
    require_open(current)
    photo = TicketPhoto(
        ticket=current,
        slot=_free_slot(current),
        width=size[0],
        height=size[1],
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        added_by=by,
        added_at=at,
    )
    photo.image.save("photo.jpg", ContentFile(content), save=False)
    photo.save()
    ledger.write(ticket=current, kind=EventKind.PHOTO_ADDED, actor=actor, at=at, data={"slot": photo.slot})
    return photo


def _free_slot(ticket: Ticket) -> int:
    taken = set(ticket.photos.values_list("slot", flat=True))
    free = [slot for slot in range(1, MAX_PHOTOS + 1) if slot not in taken]
    if not free:
        raise TooManyPhotos(_("A ticket has three photos at most."))
    return free[0]


def reencode(file: BinaryIO) -> tuple[bytes, tuple[int, int]]:
    """The picture as a new JPEG, without what the camera wrote beside it; and its width and height.

    The size is read from the header before a single pixel is decoded.

    Raises:
        BadPhoto, TooLarge: see `add_photo`.
    """
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise TooLarge(_("A photo has at most 8 MB."), field="photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _fresh_jpeg(raw)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _bad_photo() from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _bad_photo() from error


def _fresh_jpeg(raw: bytes) -> tuple[bytes, tuple[int, int]]:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as sent:
        if sent.width * sent.height > MAX_PIXELS:
            raise _bad_photo()
        sent.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture = ImageOps.exif_transpose(sent).convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue(), clean.size


def _bad_photo() -> BadPhoto:
    return BadPhoto(_("This is not a photo that can be read. Send a JPEG, PNG or WebP."), field="photo")
