"""The subsidy register (DTKS in seed 001): behind an adapter, because no portal may guess its answer.

`settings.SUBSIDY_REGISTER` names a class with `is_registered`. Without one the agent looks it up in the
application of the SOP and enters the result.
"""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class SubsidyRegister(Protocol):
    def is_registered(self, nik: str) -> bool | None:
        """Whether the person is registered; None where the register cannot say now."""


class NotConnected:
    """The register is not connected: every answer comes from the agent."""

    def is_registered(self, nik: str) -> bool | None:
        return None


def subsidy_register() -> SubsidyRegister:
    path: str = settings.SUBSIDY_REGISTER
    register: SubsidyRegister = import_string(path)()
    return register
