"""Refusals. Every rule that says no raises one of these; each has a stable code for machines."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal with a stable `code`, an HTTP `status`, and a message in the reader's language.

    `field` names the input it concerns, where there is one, so that a form can show it in place.
    `headers` go with the answer of the API, e.g. when to try again.
    """

    status = 409
    code = "conflict"
    headers: dict[str, str] = {}

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.code = code or self.code
        self.field = field


class Invalid(DomainError):
    """The input is well formed but makes no sense for the domain."""

    status = 422
    code = "invalid"


class Forbidden(DomainError):
    """The reader may see this but not do that."""

    status = 403
    code = "forbidden"


class Conflict(DomainError):
    """What is asked does not fit the present state."""


class Stale(DomainError):
    """The caller changed a version that is no longer the newest; the answer names the newest."""

    status = 412
    code = "stale"

    def __init__(self, message: str, *, etag: str) -> None:
        super().__init__(message)
        self.headers = {"ETag": etag}


class PreconditionRequired(DomainError):
    """The caller did not say which version it changes."""

    status = 428
    code = "precondition_required"


class TooLarge(DomainError):
    """The input is larger than the portal takes."""

    status = 413
    code = "too_large"
