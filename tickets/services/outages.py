"""Which wide outage a place lies in. What leads outages is in `incidents`."""

from __future__ import annotations

from django.db.models.functions import Length

from tickets.models import Incident, PowerState, Tab
from units.models import Area


def current_outage(area: Area) -> Incident | None:
    """The confirmed outage, not over, that `area` lies in; of several the narrowest. One query."""
    found = Incident.objects.current().filter(area__in=area.lineage)
    return found.select_related("area", "unit").order_by(Length("area_id").desc(), "-pk").first()


def outage_of_report(*, tab: str, power_state: str, area: Area | None) -> Incident | None:
    """The outage that a new report belongs to: a house without power, inside an area without power."""
    if area is None or tab != Tab.GANGGUAN or power_state != PowerState.PADAM:
        return None
    return current_outage(area)
