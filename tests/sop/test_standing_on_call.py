"""A caller who asks about a program: their standing is at hand on the agent's screen."""

from datetime import date

import pytest

from customers.models import Customer, Tariff
from programs.services import reference
from units.models import Area, Unit

pytestmark = pytest.mark.django_db

IDPEL = "540000000001"
SLUG = "pelanggan-terbaik-2021"
ASKED = """
slug: tanya
title: Tanya program
start: siapa
steps:
  siapa:
    kind: collect
    fields:
      - {{name: pelanggan, type: idpel_or_meter, label: ID Pelanggan, required: false}}
    next: program
  program:
    kind: check
    check: program_in_force
    args: {{program: {program}}}
    answers: {{berlaku: sudah, tidak_berlaku: lewat}}
  sudah:
    kind: say
    say: Benar.
    next: end
  lewat:
    kind: say
    say: Sudah berakhir.
    next: end
"""


@pytest.fixture
def customer(db):
    reference.load()
    return Customer.objects.create(
        idpel=IDPEL, name="PELANGGAN CONTOH", street="JL. CONTOH", area=Area.objects.get(pk="31.71"),
        unit=Unit.objects.get(name="UP3 Menteng"), tariff=Tariff.objects.get(code="R1"), power_va=1300,
        phase=1, product="PASCABAYAR",
    )  # fmt: skip


@pytest.fixture
def ask(api, agent, publish, customer):
    """Open a call about the program and say who asks; the agent's client, the call's address, the answer."""

    def make(program=SLUG, on="2021-06-11", fields=None):
        publish(ASKED.format(program=program), valid_from=date(2021, 1, 1))
        client = api(agent)
        opened = client.post(
            "/api/v1/calls/", {"procedure": "tanya", "caller_number": "081234567890", "on": on}
        )
        assert opened.json()["standing"] is None
        url = f"/api/v1/calls/{opened.json()['id']}/"
        answer = client.post(f"{url}answers/", {"step": "siapa", "fields": fields or {}})
        assert answer.status_code == 200, answer.json()
        return client, url, answer.json()

    return make


@pytest.mark.parametrize(("on", "step"), [("2021-06-11", "sudah"), ("2021-07-01", "lewat")])
def test_the_standing_of_the_caller_is_at_hand(ask, on, step):
    client, url, now = ask(on=on, fields={"pelanggan": IDPEL})

    assert now["step"]["id"] == step
    assert now["standing"] == {"program": SLUG, "idpel": IDPEL}
    page = client.get(url, headers={"Accept": "text/html"}).content.decode()
    address = f"/api/v1/programs/{SLUG}/standing/?idpel={IDPEL}"
    assert f'hx-get="{address}"' in page
    fragment = client.get(address, headers={"Accept": "text/html"}).content.decode()
    assert fragment.count("<tr data-reason=") == 5


@pytest.mark.parametrize(
    ("program", "fields"), [(SLUG, {}), ("tidak-ada", {"pelanggan": IDPEL})], ids=["nobody", "no program"]
)
def test_without_a_customer_or_a_program_there_is_no_standing(ask, program, fields):
    client, url, now = ask(program=program, fields=fields)

    assert now["standing"] is None
    assert "data-standing" not in client.get(url, headers={"Accept": "text/html"}).content.decode()
