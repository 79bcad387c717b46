"""The reference data of this app, in the order in which it has to come."""

from __future__ import annotations

from collections.abc import Sequence

from units.services.areas import load_areas
from units.services.service_areas import load_service_areas
from units.services.structure import load_units


def load(*, only: Sequence[str] = ()) -> dict[str, int]:
    """Load areas (`only` some, see `load_areas`), units and service areas; answer the rows written of each.

    May run at every start: what is already there costs a few look-ups.
    """
    return {"areas": load_areas(only=only), "units": load_units(), "service areas": load_service_areas()}
