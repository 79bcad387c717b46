"""Walking the procedures that come with the portal, over the API and as the agent's screen does.

    call = Desk(client).call("periksa", caller_number="081234567890")
    call.walk(listrik="padam", nama={"nama": "Penelepon Satu"}, until="layar")
    assert call.said("salam").startswith("“PLN 123 selamat")

Answers go by the name of the step, in whichever of the procedures it stands: text is a choice, a dict the
fields. A step whose answer is not named is passed with nothing, which only a step that asks nothing allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.test import APIClient

from tickets.models import Ticket

URL = "/api/v1/calls/"
MOST_STEPS = 200

Shown = dict[str, Any]
Given = str | Mapping[str, Any]


def name_of(address: str) -> str:
    """`alamat` of `data_blank/alamat`, `akses` of `lapor_blank+pembatasan-akses/akses`."""
    return address.rpartition("/")[2]


class Walked:
    """One call: `now` is the last answer of the API, `heard` every step that was shown, in order."""

    def __init__(self, client: APIClient, opened: Shown) -> None:
        self.client, self.now = client, opened
        self.url = f"{URL}{opened['id']}/"
        self.heard: list[Shown] = []
        self._hear()

    def _hear(self) -> None:
        if self.now["step"]:
            self.heard.append(self.now["step"])

    @property
    def at(self) -> str | None:
        """The name of the step that waits; None when the call is over."""
        return name_of(self.now["step"]["id"]) if self.now["step"] else None

    @property
    def steps(self) -> list[str]:
        """The names of the steps shown, in order."""
        return [name_of(it["id"]) for it in self.heard]

    @property
    def numbers(self) -> list[str]:
        """The numbers in the SOP of the steps shown, in order."""
        return [it["number"] for it in self.heard]

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.select_related("problem_type", "unit", "posko").get(number=self.now["ticket"])

    def shown(self, name: str) -> Shown:
        """The step of that name as it was shown last."""
        return next(it for it in reversed(self.heard) if name_of(it["id"]) == name)

    def said(self, name: str) -> str:
        return str(self.shown(name)["say"])

    def try_answer(self, given: Given | None = None) -> Any:
        """The raw response to an answer; nothing is taken over."""
        body: dict[str, Any] = {"step": self.now["step"]["id"]}
        if isinstance(given, str):
            body["choice"] = given
        elif given:
            body["fields"] = dict(given)
        return self.client.post(f"{self.url}answers/", body)

    def answer(self, given: Given | None = None) -> Shown:
        """Answer the step that waits; what the API says then."""
        response = self.try_answer(given)
        assert response.status_code == 200, (self.at, given, response.json())
        return self.answered(response)

    def answered(self, response: Any) -> Shown:
        """Take over what the API said to an answer."""
        self.now = response.json()
        self._hear()
        return self.now

    def back(self, to: str | None = None) -> Shown:
        """Go back by one step, or to the step at the address `to`."""
        response = self.client.post(f"{self.url}back/", {"to": to} if to else {})
        assert response.status_code == 200, response.json()
        self.now = response.json()
        self._hear()
        return self.now

    def walk(self, *, until: str | None = None, **answers: Given) -> Walked:
        """Go on to the step `until`, or to the end of the call."""
        for _turn in range(MOST_STEPS):
            if self.at is None or self.at == until:
                assert self.at == until, f"the call ended before {until}: {self.steps}"
                return self
            self.answer(answers.get(self.at))
        raise AssertionError(f"no end after {MOST_STEPS} steps: {self.steps[-20:]}")


class Desk:
    """An agent at the telephone."""

    def __init__(self, client: APIClient) -> None:
        self.client = client

    def call(self, procedure: str, **opening: Any) -> Walked:
        """A call comes in, with the fields of the opening."""
        response = self.client.post(URL, {"procedure": procedure, **opening})
        assert response.status_code == 201, response.json()
        return Walked(self.client, response.json())


def form_of(ticket: Ticket) -> dict[str, str]:
    """The APKT form as it was saved: tab, Tipe and Sub Tipe, Permasalahan, Tipe WO, and who gets it."""
    return {
        "tab": ticket.tab,
        "type": ticket.problem_type.name,
        "sub_type": ticket.problem_type.sub_name,
        "problem": ticket.problem,
        "wo_type": ticket.wo_type,
        "unit": ticket.unit.name if ticket.unit else "",
        "posko": ticket.posko.name if ticket.posko else "",
    }


def keluhan(
    name: str, sub_name: str, problem: str, *, unit: str = "ULP Gambir", posko: str = "Posko Gambir"
) -> dict[str, str]:
    """The form of a KELUHAN that went to the unit of Gambir."""
    form = {"tab": "KELUHAN", "type": name, "sub_type": sub_name, "problem": problem, "wo_type": ""}
    return form | {"unit": unit, "posko": posko}


def closed(name: str, sub_name: str, problem: str) -> dict[str, str]:
    """The form of a KELUHAN that was closed at the contact centre: no unit gets it."""
    return keluhan(name, sub_name, problem, unit="", posko="")
