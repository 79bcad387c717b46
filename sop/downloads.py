"""Original files as answers: always to be saved, never shown by the browser."""

from django.http import FileResponse

from sop.models import Attachment

AS_FILE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def as_download(attachment: Attachment) -> FileResponse:
    """The file. Callers have made sure that the reader may see it."""
    return FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.file_name,
        content_type=attachment.content_type,
        headers=AS_FILE,
    )
