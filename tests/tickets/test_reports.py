"""Recording a report: where it goes, what it is called, what it may not say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Forbidden, Invalid, Stale
from customers.models import Customer, Product
from tickets import notices
from tickets.models import EventKind, ProblemType, Status, Tab, Ticket, TicketEvent, WorkOrderType
from tickets.services.corrections import edit_ticket
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, Unit, User

Make = Callable[..., Report]


@pytest.mark.requirement("R-003-93")
def test_a_saved_report_has_g_and_twelve_digits(ticket: Ticket) -> None:
    today = timezone.localdate(ticket.reported_at)

    assert re.fullmatch(r"G[0-9]{12}", ticket.number)
    assert ticket.number[1:7] == f"{today:%y%m%d}"


def test_a_keluhan_has_k_and_twelve_digits(report: Make, agent: User) -> None:
    ticket = create_ticket(report=report(tab=Tab.KELUHAN), by=agent)

    assert re.fullmatch(r"K[0-9]{12}", ticket.number)


@pytest.mark.requirement("R-ALL-3")
def test_a_type_of_the_other_tab_is_refused(report: Make, agent: User) -> None:
    other = ProblemType.objects.get(code="pdpb-info")

    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(problem_type=other), by=agent)

    assert refusal.value.field == "problem_type"
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-ALL-2")
def test_an_issue_closed_report_is_born_closed_and_reaches_nobody(
    report: Make, agent: User, posko_menteng: User, srm_jakarta: User
) -> None:
    ticket = create_ticket(report=report(is_issue_closed=True), by=agent)

    assert (ticket.status, ticket.unit, ticket.posko) == (Status.ISSUE_CLOSED, None, None)
    assert (ticket.due_at, ticket.segments.count()) == (None, 0)
    assert Ticket.objects.visible_to(agent).get() == ticket
    assert not Ticket.objects.visible_to(posko_menteng).exists()
    assert not Ticket.objects.visible_to(srm_jakarta).exists()


@pytest.mark.requirement("R-003-88")
def test_the_area_fills_unit_and_posko(ticket: Ticket, posko_gambir: Unit) -> None:
    assert (ticket.unit.name, ticket.posko) == ("ULP Gambir", posko_gambir)


@pytest.mark.requirement("R-003-88")
def test_the_customer_fills_unit_and_posko(
    report: Make, agent: User, customer: Customer, posko_gambir: Unit
) -> None:
    ticket = create_ticket(report=report(area=None, customer=customer), by=agent)

    assert ticket.posko == posko_gambir
    assert ticket.meter_number == "14000000001"


@pytest.mark.requirement("R-003-74", "R-003-89")
def test_without_a_place_the_unit_is_chosen_by_hand(report: Make, agent: User, posko_gambir: Unit) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(area=None), by=agent)
    assert (refusal.value.code, refusal.value.field) == ("unit_required", "unit")
    assert not Ticket.objects.exists()

    ticket = create_ticket(report=report(area=None, posko=posko_gambir), by=agent)
    assert (ticket.unit.name, ticket.posko) == ("ULP Gambir", posko_gambir)


@pytest.mark.requirement("R-003-89")
def test_where_a_unit_has_several_poskos_one_is_chosen(
    report: Make, agent: User, menteng: Unit, posko_gambir: Unit
) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(area=None, unit=menteng), by=agent)
    assert (refusal.value.code, refusal.value.field) == ("posko_required", "posko")

    assert create_ticket(report=report(area=None, unit=menteng, posko=posko_gambir), by=agent).unit == menteng


@pytest.mark.requirement("R-003-29", "R-003-89")
def test_a_region_whose_up3s_are_not_known_yet_is_served_by_its_uiw(
    report: Make, agent: User, unit: Callable[[str], Unit], customer: Customer, jakarta: Unit
) -> None:
    makassar, region = Area.objects.get(pk="73.71"), unit("UIW Sulawesi Selatan, Tenggara & Barat")
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(area=makassar), by=agent)
    assert (refusal.value.code, refusal.value.field) == ("unit_required", "unit")

    by_hand = create_ticket(report=report(area=makassar, unit=region), by=agent)
    assert (by_hand.unit, by_hand.posko) == (region, region)
    Customer.objects.filter(pk=customer.pk).update(unit=region, area=makassar)
    customer.refresh_from_db()
    assert create_ticket(report=report(area=None, customer=customer), by=agent).posko == region

    for parent in (jakarta, unit("PLN Pusat")):
        with pytest.raises(Invalid) as refusal:
            create_ticket(report=report(area=None, unit=parent), by=agent)
        assert (refusal.value.code, refusal.value.field) == ("not_serving", "unit")


def test_a_posko_that_has_ended_is_not_chosen(
    report: Make, agent: User, unit: Callable[[str], Unit], posko_gambir: Unit
) -> None:
    Unit.objects.filter(pk=posko_gambir.pk).update(valid_until=timezone.localdate() - timedelta(days=1))

    assert create_ticket(report=report(), by=agent).posko == unit("ULP Gambir")


def test_a_posko_of_another_unit_is_refused(
    report: Make, agent: User, bandung: Unit, posko_gambir: Unit
) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(area=None, unit=bandung, posko=posko_gambir), by=agent)

    assert refusal.value.code == "foreign_posko"


@pytest.mark.requirement("R-003-84")
@pytest.mark.parametrize(
    ("tab", "wo_type"), [(Tab.GANGGUAN, ""), (Tab.KELUHAN, WorkOrderType.WO_AUTODISPATCH)]
)
def test_only_a_gangguan_has_a_tipe_wo(report: Make, agent: User, tab: str, wo_type: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(tab=tab, wo_type=wo_type), by=agent)

    assert refusal.value.field == "wo_type"


def test_kwh_periksa_is_for_prepaid_customers_only(report: Make, agent: User, customer: Customer) -> None:
    Customer.objects.update(product=Product.PASCABAYAR)
    customer.refresh_from_db()

    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(customer=customer, wo_type=WorkOrderType.KWH_PERIKSA), by=agent)

    assert refusal.value.code == "not_prepaid"
    assert not Ticket.objects.exists()


def test_kwh_periksa_is_born_lapor_periksa(report: Make, agent: User, customer: Customer) -> None:
    ticket = create_ticket(report=report(customer=customer, wo_type=WorkOrderType.KWH_PERIKSA), by=agent)

    assert ticket.status == Status.LAPOR_PERIKSA


@pytest.mark.requirement("R-003-75", "R-003-76", "R-003-83")
@pytest.mark.parametrize(
    ("given", "stored", "kind"),
    [("021-5551234", "+62215551234", "PSTN"), ("0812 3456 7890", "+6281234567890", "MOBILE")],
)
def test_the_caller_number_is_kept_with_its_kind(
    report: Make, agent: User, given: str, stored: str, kind: str
) -> None:
    ticket = create_ticket(report=report(caller_number=given), by=agent)

    assert (ticket.caller_number, ticket.caller_kind) == (stored, kind)


@pytest.mark.requirement("R-003-76", "R-003-79")
def test_wa_needs_a_mobile_number(report: Make, agent: User) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(caller_number="0215551234", by_wa=True), by=agent)
    assert (refusal.value.code, refusal.value.field) == ("no_number", "by_wa")

    asked = report(caller_number="0215551234", mobile_number="081234567890", by_wa=True)
    assert create_ticket(report=asked, by=agent).by_wa


@pytest.mark.requirement("R-003-77", "R-003-78")
def test_another_mobile_number_may_be_given_beside_a_mobile_caller(report: Make, agent: User) -> None:
    asked = report(caller_number="081234567890", mobile_number="081298765432", by_phone=True)

    ticket = create_ticket(report=asked, by=agent)

    assert (ticket.caller_number, ticket.mobile_number) == ("+6281234567890", "+6281298765432")


@pytest.mark.requirement("R-003-80")
def test_how_to_reach_the_customer_goes_to_the_unit(report: Make, agent: User) -> None:
    asked = report(caller_number="081234567890", by_phone=True, by_wa=True, by_sms=True)

    text = notices.report_text(create_ticket(report=asked, by=agent))

    assert text.splitlines() == ["1 RUMAH PADAM", "Pelanggan dapat dihubungi via Telepon, WA & SMS"]


@pytest.mark.requirement("R-003-90", "R-003-92")
def test_a_confirmation_first_stands_in_the_report_in_the_units_time(report: Make, agent: User) -> None:
    at = timezone.now()
    wanted = (at + timedelta(hours=5)).astimezone(timezone.get_default_timezone())

    ticket = create_ticket(report=report(confirm_at=wanted), by=agent, at=at)

    assert f"Penelepon minta dikonfirmasi pukul {wanted:%H.%M}" in notices.report_text(ticket)
    assert "karena baru ada dilokasi" in notices.report_text(ticket)


@pytest.mark.requirement("R-003-90")
def test_a_confirmation_in_the_past_is_refused(report: Make, agent: User) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(confirm_at=timezone.now() - timedelta(minutes=1)), by=agent)

    assert refusal.value.field == "confirm_at"


@pytest.mark.requirement("R-003-68", "R-003-69", "R-003-70", "R-003-82", "R-003-87")
def test_the_place_is_kept_in_parts(report: Make, agent: User) -> None:
    parts = {
        "street": "Jalan Melati",
        "building_number": "12A",
        "rt": "003",
        "rw": "004",
        "landmark": "Sebelah masjid",
        "address_note": "Pemekaran wilayah",
    }

    ticket = create_ticket(report=report(**parts), by=agent)

    ticket.refresh_from_db()
    assert {name: getattr(ticket, name) for name in parts} == parts


@pytest.mark.requirement("R-003-71", "R-003-72", "R-003-73")
def test_coordinates_come_together_or_not_at_all(report: Make, agent: User) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(latitude=Decimal("-6.17")), by=agent)
    assert refusal.value.field == "latitude"

    place = {"latitude": Decimal("-6.170000"), "longitude": Decimal("106.820000")}
    ticket = create_ticket(report=report(**place), by=agent)
    ticket.refresh_from_db()
    assert (ticket.latitude, ticket.longitude) == tuple(place.values())


@pytest.mark.requirement("R-003-81")
def test_the_idpel_is_optional(report: Make, agent: User) -> None:
    assert create_ticket(report=report(customer=None), by=agent).customer is None


@pytest.mark.requirement("R-003-86")
def test_the_outage_may_be_dated_but_not_in_the_future(report: Make, agent: User) -> None:
    today = timezone.localdate()
    assert create_ticket(report=report(outage_on=today), by=agent).outage_on == today

    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(outage_on=today + timedelta(days=1)), by=agent)
    assert refusal.value.field == "outage_on"


@pytest.mark.requirement("R-ALL-5")
def test_a_ticket_names_its_sop_and_revision(report: Make, agent: User) -> None:
    assert create_ticket(report=report(sop_ref="periksa@2"), by=agent).sop_ref == "periksa@2"

    with pytest.raises(Invalid):
        create_ticket(report=report(sop_ref="periksa"), by=agent)


def test_the_first_event_says_who_in_which_position(ticket: Ticket, agent: User) -> None:
    event = TicketEvent.objects.get(ticket=ticket)

    assert (event.kind, event.from_status, event.to_status) == (EventKind.CREATED, "", Status.LAPOR)
    assert (event.by, event.position, event.role) == (agent, agent.positions.get(), "CSO")


@pytest.mark.parametrize("who", ["posko_menteng", "manager_menteng", "back_office", "program_jakarta"])
def test_only_agents_and_channels_report(report: Make, anyone: Callable[[str], User], who: str) -> None:
    with pytest.raises(Forbidden):
        create_ticket(report=report(), by=anyone(who))

    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"channel": "CC123"}, "channel"),
        ({"channel": "PLN_MOBILE", "is_issue_closed": True}, "is_issue_closed"),
    ],
)
def test_a_channel_reports_as_itself_and_closes_nothing(
    report: Make, channel: User, fields: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        create_ticket(report=report(**fields), by=channel)

    assert refusal.value.field == where
    assert not Ticket.objects.exists()


def test_a_reference_of_a_channel_is_used_once_for_ever(report: Make, channel: User) -> None:
    asked = report(channel="PLN_MOBILE", client_ref="app-1")
    first = create_ticket(report=asked, by=channel)

    with pytest.raises(Exception, match=first.number) as refusal:
        create_ticket(report=asked, by=channel)

    assert refusal.value.code == "client_ref_used"  # type: ignore[attr-defined]
    assert Ticket.objects.get() == first


def test_a_channel_sees_its_own_tickets_only(report: Make, channel: User, ticket: Ticket) -> None:
    own = create_ticket(report=report(channel="WEB_PLN"), by=channel)

    assert list(Ticket.objects.visible_to(channel)) == [own]


def test_a_correction_names_fields_and_not_their_values(ticket: Ticket, agent: User) -> None:
    edit_ticket(ticket=ticket, changes={"reporter_name": "Nama Lain"}, by=agent)

    event = ticket.events.get(kind=EventKind.EDITED)
    assert event.data == {"fields": ["reporter_name"]}


def test_two_corrections_of_one_version_are_one_too_many(ticket: Ticket, agent: User) -> None:
    second_copy = Ticket.objects.get(pk=ticket.pk)
    edit_ticket(ticket=ticket, changes={"notes": "satu"}, by=agent)

    with pytest.raises(Stale):
        edit_ticket(ticket=second_copy, changes={"notes": "dua"}, by=agent)

    ticket.refresh_from_db()
    assert ticket.notes == "satu"


def test_status_and_number_cannot_be_corrected(ticket: Ticket, agent: User) -> None:
    for name in ("status", "number", "due_at", "client"):
        with pytest.raises(Invalid):
            edit_ticket(ticket=ticket, changes={name: "SELESAI"}, by=agent)

    assert ticket.events.count() == 1


def test_a_ticket_may_be_sent_to_another_posko(
    ticket: Ticket, agent: User, unit: Callable[[str], Unit]
) -> None:
    edited = edit_ticket(ticket=ticket, changes={"posko": unit("Posko Menteng")}, by=agent)

    assert (edited.unit.name, edited.posko.name) == ("ULP Menteng", "Posko Menteng")


def test_a_customers_report_without_a_place_is_of_the_customers_house(
    report: Make, agent: User, customer: Customer, gambir: Area
) -> None:
    made = create_ticket(report=report(customer=customer, area=None, landmark="Sebelah masjid"), by=agent)

    assert (made.area, made.street, made.building_number) == (gambir, "Jalan Uji", "7")
    assert made.landmark == "Sebelah masjid"


@pytest.mark.parametrize(
    ("given", "street"),
    [({"street": "Jalan Lain"}, "Jalan Lain"), ({"area": "31.71.06.1001"}, "")],
)
def test_a_customers_report_of_another_place_is_of_that_place(
    report: Make, agent: User, customer: Customer, given: dict[str, str], street: str
) -> None:
    fields = {"area": Area.objects.get(pk=given.get("area", customer.area_id))}

    made = create_ticket(report=report(customer=customer, **{**given, **fields}), by=agent)

    assert (made.area, made.street) == (fields["area"], street)
    assert made.building_number == ""


def test_an_issue_closed_at_once_keeps_no_address(report: Make, agent: User, customer: Customer) -> None:
    made = create_ticket(report=report(customer=customer, area=None, is_issue_closed=True), by=agent)

    assert (made.customer, made.area, made.street) == (customer, None, "")
