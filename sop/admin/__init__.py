"""The back office for SOPs: writing, checking, approving, reading, and learning from calls."""

from sop.admin import calls, documents, procedures, values, versions

__all__ = ["calls", "documents", "procedures", "values", "versions"]
