"""The endpoints of tickets: what they answer, to whom, and at what price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from tests.tickets.copies import copy_ticket
from tickets.api.fields import DegreesField
from tickets.models import EventKind, Status, Ticket, TicketAccess, TicketPhoto, TicketRepeat
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

Api = Callable[..., APIClient]
Make = Callable[..., Report]
Form = Callable[..., dict[str, Any]]
URL = "/api/v1/tickets/"


def at(ticket: Ticket, rest: str = "") -> str:
    return f"{URL}{ticket.number}/{rest}"


def photo(size: tuple[int, int] = (640, 480), kind: str = "JPEG", **options: Any) -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind, **options)
    return SimpleUploadedFile("meter.jpg", buffer.getvalue(), content_type="image/jpeg")


@pytest.mark.requirement("R-003-93")
def test_a_saved_report_answers_its_number(api: Api, agent: User, form: Form) -> None:
    response = api(agent).post(URL, form())

    assert response.status_code == 201
    assert response.data["number"] == Ticket.objects.get().number
    assert response.headers["ETag"] == Ticket.objects.get().etag


def test_the_screen_gets_the_number_as_a_fragment(api: Api, agent: User, form: Form) -> None:
    response = api(agent).post(URL, form(), headers={"Accept": "text/html"})

    assert response.status_code == 201
    assert Ticket.objects.get().number in response.content.decode()


def test_the_same_key_makes_one_ticket(api: Api, agent: User, form: Form) -> None:
    client = api(agent)
    first = client.post(URL, form(), headers={"Idempotency-Key": "a-key-for-one"})
    again = client.post(URL, form(), headers={"Idempotency-Key": "a-key-for-one"})

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["number"] == first.json()["number"]
    assert Ticket.objects.count() == 1


def test_a_channel_must_send_a_key(channel_api: Api, form: Form) -> None:
    client = channel_api(scope="tickets")

    refused = client.post(URL, form(channel="PLN_MOBILE"))
    accepted = client.post(URL, form(channel="PLN_MOBILE"), headers={"Idempotency-Key": "key-of-a-channel"})

    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")
    assert accepted.status_code == 201
    assert Ticket.objects.get().client is not None


@pytest.mark.requirement("R-003-107")
def test_a_channel_reads_progress_and_nothing_internal(channel_api: Api, form: Form) -> None:
    client = channel_api(scope="tickets")
    body = form(channel="PLN_MOBILE", notes="catatan dalam", sop_ref="periksa@2", is_hard_complaint=True)
    made = client.post(URL, body, headers={"Idempotency-Key": "key-of-a-channel"}).json()

    shown = client.get(f"{URL}{made['number']}/").json()

    assert shown["status"] == "LAPOR"
    assert not {"notes", "sop_ref", "is_hard_complaint", "details", "contact", "posko"} & set(shown)
    events = client.get(f"{URL}{made['number']}/events/").json()["results"]
    assert [set(event) for event in events] == [{"version", "kind", "from_status", "to_status", "at"}]


@pytest.mark.requirement("R-003-106", "R-003-107")
def test_each_report_keeps_its_channel_and_the_list_finds_it_by_that(
    api: Api, channel_api: Api, agent: User, form: Form, ticket: Ticket
) -> None:
    body = form(channel="PLN_MOBILE")
    made = channel_api(scope="tickets").post(URL, body, headers={"Idempotency-Key": "key-of-a-channel"})

    found = {
        channel: [it["number"] for it in api(agent).get(URL, {"channel": channel}).json()["results"]]
        for channel in ("PLN_MOBILE", "CC123", "WEB_PLN")
    }

    assert found == {"PLN_MOBILE": [made.json()["number"]], "CC123": [ticket.number], "WEB_PLN": []}


def test_a_channel_does_not_see_the_tickets_of_others(channel_api: Api, ticket: Ticket) -> None:
    client = channel_api(scope="tickets")

    assert client.get(at(ticket)).status_code == 404
    assert client.get(at(ticket, "events/")).status_code == 404
    assert client.get(at(ticket, "photos/")).status_code == 404
    assert client.get(URL).json()["results"] == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("agent", 200), ("posko_menteng", 200), ("manager_bandung", 404), ("nobody", 403), ("sop_author", 403)],
)
def test_who_sees_a_ticket_of_menteng(
    api: Api, request: pytest.FixtureRequest, ticket: Ticket, who: str, status: int
) -> None:
    assert api(request.getfixturevalue(who)).get(at(ticket)).status_code == status


def test_names_phones_and_houses_are_masked(api: Api, agent: User, report: Make) -> None:
    personal = {"reporter_name": "Sutarmin Rahasia", "caller_number": "081234567890"}
    place = {"latitude": Decimal("-6.175432"), "longitude": Decimal("106.827654")}
    house = report(**personal, **place, street="Jalan Rahasia", building_number="77Z")
    ticket = create_ticket(report=house, by=agent)

    orders = f"/api/v1/work-orders/{ticket.orders.get().pk}/"
    hidden = ("Sutarmin", "81234567", "Rahasia", "77Z", "6.175432", "106.827654")
    for path in (URL, at(ticket), at(ticket, "events/"), orders):
        for kind in ("application/json", "text/html"):
            text = api(agent).get(path, headers={"Accept": kind}).content.decode()
            assert not [word for word in hidden if word in text]


def test_a_reveal_answers_in_full_and_is_recorded(api: Api, posko_menteng: User, ticket: Ticket) -> None:
    client = api(posko_menteng)
    Ticket.objects.update(latitude=Decimal("-6.175432"), longitude=Decimal("106.827654"))
    assert client.post(at(ticket, "reveal/"), {"reason": ""}).status_code == 400
    assert not TicketAccess.objects.exists()

    response = client.post(at(ticket, "reveal/"), {"reason": "Petugas menuju lokasi"})

    values = response.json()["values"]
    assert (values["reporter_name"], values["latitude"]) == ("Pelapor Uji", "-6.175432")
    assert (TicketAccess.objects.get().reader, TicketAccess.objects.get().ticket) == (posko_menteng, ticket)


def test_a_correction_names_the_version_it_changes(api: Api, agent: User, ticket: Ticket) -> None:
    client = api(agent)

    assert client.patch(at(ticket), {"notes": "a"}).status_code == 428
    assert client.patch(at(ticket), {"notes": "a"}, headers={"If-Match": '"old"'}).status_code == 412
    done = client.patch(at(ticket), {"notes": "a"}, headers={"If-Match": ticket.etag})

    ticket.refresh_from_db()
    assert (done.status_code, done.headers["ETag"], ticket.notes) == (200, ticket.etag, "a")


@pytest.mark.parametrize(
    "field", ["status", "number", "due_at", "client", "version", "repeat_count", "rating"]
)
def test_a_patch_is_no_way_around_the_moves(api: Api, agent: User, ticket: Ticket, field: str) -> None:
    response = api(agent).patch(at(ticket), {field: "SELESAI"}, headers={"If-Match": ticket.etag})

    assert response.status_code == 400
    assert ticket.events.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "status=OPEN",
        "is_open=perhaps",
        "ordering=due_at",
        "phone=081234567890",
        "cursor=%00",
        "page_size=0",
    ],
)
def test_what_a_list_does_not_know_is_a_400(api: Api, agent: User, ticket: Ticket, query: str) -> None:
    assert api(agent).get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is_open=true", 1),
        ("is_open=false", 0),
        ("unit=54013", 1),
        ("unit=53001", 0),
        ("unit=nobody", 0),
        ("status=LAPOR&status=NYALA", 1),
        ("is_overdue=true", 0),
        ("channel=CC123", 1),
        ("is_begun=true", 0),
    ],
)
def test_filters_find_what_they_say(api: Api, agent: User, report: Make, query: str, found: int) -> None:
    create_ticket(report=report(caller_number="0812 3456 7890"), by=agent)

    assert len(api(agent).get(f"{URL}?{query}").json()["results"]) == found


@pytest.mark.parametrize("path", ["", "?ordering=queue_key", "?is_open=true&unit=54013"])
def test_a_list_costs_the_same_for_ten_and_a_thousand(api: Api, agent: User, report: Make, path: str) -> None:
    client = api(agent)
    first = create_ticket(report=report(), by=agent)
    copy_ticket(first, 9)
    at_ten = _cost(client, f"{URL}{path}")
    copy_ticket(first, 990, start=10)

    assert _cost(client, f"{URL}{path}") == at_ten <= 6


def test_one_ticket_costs_the_same_with_one_and_thirty_events(api: Api, agent: User, ticket: Ticket) -> None:
    client = api(agent)
    costs = _cost(client, at(ticket)), _cost(client, at(ticket, "events/"))
    for number in range(30):
        ticket.refresh_from_db()
        client.patch(at(ticket), {"notes": str(number)}, headers={"If-Match": ticket.etag})

    assert ticket.events.count() == 31
    assert (_cost(client, at(ticket)), _cost(client, at(ticket, "events/"))) == costs
    assert max(costs) <= 7


def _cost(client: APIClient, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_cancelling_needs_a_reason_and_works_once(api: Api, agent: User, ticket: Ticket) -> None:
    client = api(agent)
    assert client.post(at(ticket, "cancel/"), {}).status_code == 400

    assert client.post(at(ticket, "cancel/"), {"reason": "Sudah menyala"}).json()["status"] == "BATAL"
    assert client.post(at(ticket, "cancel/"), {"reason": "Sudah menyala"}).status_code == 409


def test_a_posko_officer_cannot_cancel_in_the_reporters_name(
    api: Api, posko_menteng: User, ticket: Ticket
) -> None:
    assert api(posko_menteng).post(at(ticket, "cancel/"), {"reason": "x"}).status_code == 403
    ticket.refresh_from_db()
    assert ticket.status == Status.LAPOR


def test_a_no_at_selesai_answers_a_new_ticket(api: Api, agent: User, ticket: Ticket) -> None:
    Ticket.objects.update(status=Status.SELESAI)

    response = api(agent).post(at(ticket, "confirm/"), {"is_done": False})

    assert (response.status_code, response.json()["follows"]) == (201, ticket.number)
    assert Ticket.objects.count() == 2


@pytest.mark.requirement("R-003-117")
def test_a_yes_opens_the_rating(api: Api, agent: User, ticket: Ticket) -> None:
    Ticket.objects.update(status=Status.SELESAI)
    client = api(agent)
    assert client.post(at(ticket, "rating/"), {"rating": 5}).status_code == 409

    assert client.post(at(ticket, "confirm/"), {"is_done": True}).json()["is_confirmed"] is True
    assert client.post(at(ticket, "rating/"), {"rating": 6}).status_code == 400
    assert client.post(at(ticket, "rating/"), {"rating": 4, "words": "Cepat"}).json()["rating"] == 4
    assert client.post(at(ticket, "rating/"), {"rating": 1}).status_code == 409


@pytest.mark.requirement("R-003-16")
def test_a_repeat_is_recorded_on_the_ticket(api: Api, agent: User, ticket: Ticket) -> None:
    response = api(agent).post(at(ticket, "repeats/"), {"words": "Belum ada petugas"})

    assert (response.status_code, response.json()["repeat_count"]) == (201, 1)
    assert TicketRepeat.objects.get().ticket == ticket
    assert Ticket.objects.count() == 1


def test_candidates_are_asked_for_by_post(api: Api, agent: User, report: Make) -> None:
    ticket = create_ticket(report=report(caller_number="081234567890"), by=agent)

    found = api(agent).post(f"{URL}candidates/", {"phones": ["0812-3456-7890"]}).json()

    assert [(it["number"], it["reasons"]) for it in found] == [(ticket.number, ["phone"])]
    assert api(agent).post(f"{URL}candidates/", {"phones": ["08"]}).json() == []


def test_a_photo_is_stored_anew_and_served_as_a_download(api: Api, agent: User, ticket: Ticket) -> None:
    exif = Image.Exif()
    exif[0x010E] = "LOKASI RAHASIA"

    response = api(agent).post(at(ticket, "photos/"), {"photo": photo(exif=exif)}, format="multipart")

    assert response.status_code == 201, response.content
    served = api(agent).get(at(ticket, "photos/1/"))
    content = b"".join(served.streaming_content)
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert b"RAHASIA" not in content
    assert Image.open(BytesIO(content)).size == (640, 480)
    assert ticket.events.filter(kind=EventKind.PHOTO_ADDED).count() == 1


def test_a_ticket_has_three_photos_at_most(api: Api, agent: User, ticket: Ticket) -> None:
    client = api(agent)
    codes = [
        client.post(at(ticket, "photos/"), {"photo": photo()}, format="multipart").status_code
        for _ in range(4)
    ]

    assert codes == [201, 201, 201, 409]
    assert TicketPhoto.objects.count() == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0 truncated", b"GIF89a" + b"\0" * 40],
)
def test_what_is_no_photo_is_refused(api: Api, agent: User, ticket: Ticket, content: bytes) -> None:
    sent = SimpleUploadedFile("x.jpg", content, content_type="image/jpeg")

    response = api(agent).post(at(ticket, "photos/"), {"photo": sent}, format="multipart")

    assert response.status_code in (400, 422)
    assert not TicketPhoto.objects.exists()


def test_a_decompression_bomb_is_refused_before_it_is_decoded(api: Api, agent: User, ticket: Ticket) -> None:
    bomb = photo(size=(9000, 9000), kind="PNG")

    response = api(agent).post(at(ticket, "photos/"), {"photo": bomb}, format="multipart")

    assert (response.status_code, response.json()["code"]) == (422, "bad_photo")


def test_a_photo_is_for_those_who_see_the_ticket(
    api: Api, agent: User, manager_bandung: User, ticket: Ticket
) -> None:
    api(agent).post(at(ticket, "photos/"), {"photo": photo()}, format="multipart")

    assert api(manager_bandung).get(at(ticket, "photos/1/")).status_code == 404


def test_merging_and_taking_apart(api: Api, posko_menteng: User, agent: User, report: Make) -> None:
    first, second = (create_ticket(report=report(), by=agent) for _ in range(2))
    client = api(posko_menteng)

    merged = client.post(at(second, "merge/"), {"into": first.number, "reason": "Satu rumah"})
    assert merged.json()["merged_into"] == first.number
    assert client.post(at(second, "moves/"), {"to": "MENUNGGU_KONFIRMASI"}).status_code == 409

    apart = client.post(at(second, "unmerge/"), {"reason": "Rumah lain"})
    assert apart.json()["merged_into"] is None


def test_an_officer_postpones_for_the_customer(api: Api, posko_menteng: User, ticket: Ticket) -> None:
    later = (timezone.now() + timedelta(hours=4)).isoformat()
    body = {"to": "MENUNGGU_KONFIRMASI", "reason": "Pelanggan baru ada sore", "confirm_at": later}

    shown = api(posko_menteng).post(at(ticket, "moves/"), body).json()

    assert shown["status"] == "MENUNGGU_KONFIRMASI"
    assert shown["moves"] == ["LAPOR", "NYALA"]


def test_the_types_of_a_tab_are_listed(api: Api, agent: User) -> None:
    found = api(agent).get("/api/v1/problem-types/?tab=GANGGUAN").json()["results"]

    assert {"code": "periksa", "tab": "GANGGUAN", "name": "PERIKSA", "sub_name": ""} in found
    assert {it["tab"] for it in found} == {"GANGGUAN"}


def test_rpt_and_rct_are_asked_for_a_time(api: Api, posko_menteng: User, agent: User, ticket: Ticket) -> None:
    at = ticket.reported_at
    Ticket.objects.update(responded_at=at + timedelta(minutes=40), restored_at=at + timedelta(minutes=70))
    span = {"since": (at - timedelta(days=1)).isoformat(), "until": (at + timedelta(days=1)).isoformat()}
    path = f"{URL}performance/"

    (found,) = api(posko_menteng).get(path, span).json()

    assert (found["name"], found["rpt_minutes"], found["rct_minutes"]) == ("Posko Gambir", 40.0, 70.0)
    assert api(posko_menteng).get(path, span | {"by": "crew"}).json() == []
    for by, name in (("up3", "UP3 Menteng"), ("uid", "UID Jakarta Raya")):
        (found,) = api(posko_menteng).get(path, span | {"by": by}).json()
        assert (found["name"], found["rct_minutes"]) == (name, 70.0)
    assert api(posko_menteng).get(path, {"since": span["until"], "until": span["since"]}).status_code == 400
    assert api(agent).get(path, span).status_code == 403


@pytest.mark.parametrize("value", [1e300, 10**18, "9" * 40, "NaN", "-Infinity", 90.1])
def test_a_latitude_that_is_nowhere_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        DegreesField(min_value=-90, max_value=90).run_validation(value)


def test_a_latitude_is_kept_to_six_decimals() -> None:
    assert DegreesField(min_value=-90, max_value=90).run_validation("-6.20000049") == Decimal("-6.2")
