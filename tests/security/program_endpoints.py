"""The endpoints of programs, as the permission tests call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from programs.services.payment_file import COLUMNS
from programs.services.rewards import code_of
from tests.security.endpoint import Endpoint
from tests.security.ticket_endpoints import same
from tests.security.world import World
from units.powers import Power

P = Power
Path = Callable[[World, str], str]


def of_program(name: str, state: str, query: str = "") -> Path:
    return lambda world, place: (
        reverse(f"api:{name}", args=[world.programs.programs[place, state].slug]) + query
    )


def of_asked(rows: str, name: str) -> Path:
    """The address of something of the program that is under evaluation."""

    def path(world: World, place: str) -> str:
        slug = world.programs.programs[place, "asked"].slug
        return reverse(f"api:{name}", args=[slug, getattr(world.programs, rows)[place].pk])

    return path


def winner(name: str) -> Path:
    return lambda world, place: reverse(f"api:{name}", args=[world.programs.winners[place].pk])


def running(path: Path, **more: Any) -> Endpoint:
    """What belongs to those who run the program, and is hidden from everybody else."""
    return Endpoint(P.RUN_PROGRAMS, "", path, hidden=P.RUN_PROGRAMS, **more)


def standing(world: World, place: str) -> str:
    query = f"?idpel={world.customers[place].idpel}"
    return of_program("program-standing", "approved", query)(world, place)


def pick_up(world: World, place: str) -> dict[str, Any]:
    return {"code": code_of(world.programs.winners[place]), "identity": "KTP", "identity_last4": "1234"}


def payments() -> bytes:
    return (",".join(COLUMNS) + "\n").encode()


PROGRAMS: dict[tuple[str, str], Endpoint] = {
    ("program-list", "GET"): Endpoint(
        P.SEE_PROGRAMS, "", lambda world, place: reverse("api:program-list"), per_unit=False
    ),
    ("program-detail", "GET"): Endpoint(
        P.SEE_PROGRAMS, "", of_program("program-detail", "approved"), hidden=P.SEE_PROGRAMS
    ),
    ("program-standing", "GET"): Endpoint(P.SEE_PROGRAMS, "", standing, hidden=P.SEE_CUSTOMERS),
    ("paymentimport-list", "GET"): Endpoint(P.RUN_PROGRAMS, "", of_program("paymentimport-list", "asked")),
    ("paymentimport-detail", "GET"): running(of_asked("imports", "paymentimport-detail")),
    # An approved program is seen everywhere, so that who may not run it there is refused, not told a lie.
    ("paymentimport-list", "POST"): Endpoint(
        P.RUN_PROGRAMS,
        "",
        of_program("paymentimport-list", "approved"),
        bound=P.RUN_PROGRAMS,
        upload=payments,
        upload_as="file",
        ok=202,
    ),
    ("paymentimport-cancel", "POST"): running(of_asked("imports", "paymentimport-cancel")),
    ("evaluation-list", "GET"): Endpoint(P.RUN_PROGRAMS, "", of_program("evaluation-list", "asked")),
    ("evaluation-detail", "GET"): running(of_asked("evaluations", "evaluation-detail")),
    ("evaluation-list", "POST"): Endpoint(
        P.RUN_PROGRAMS, "", of_program("evaluation-list", "approved"), bound=P.RUN_PROGRAMS, ok=202
    ),
    ("evaluation-cancel", "POST"): running(of_asked("evaluations", "evaluation-cancel")),
    ("program-winner-list", "GET"): Endpoint(
        P.SEE_WINNERS, "", of_program("program-winner-list", "announced")
    ),
    ("winner-detail", "GET"): Endpoint(P.SEE_WINNERS, "", winner("winner-detail"), hidden=P.SEE_WINNERS),
    ("winner-contact", "POST"): Endpoint(
        P.HAND_OVER_REWARDS,
        "",
        winner("winner-contact"),
        body=same({"method": "PHONE", "reached": False}),
        hidden=P.SEE_WINNERS,
        bound=P.HAND_OVER_REWARDS,
    ),
    ("winner-hand-over", "POST"): Endpoint(
        P.HAND_OVER_REWARDS,
        "",
        winner("winner-hand-over"),
        body=pick_up,
        hidden=P.SEE_WINNERS,
        bound=P.HAND_OVER_REWARDS,
    ),
}
