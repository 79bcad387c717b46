"""From the frozen list to a reward in hand: two people, one draw, one hand-over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from common.errors import DomainError, Forbidden, Invalid
from customers.models import Customer
from programs.models import Contact, Draw, Evaluation, PaymentImport, Program, ProgramEvent, Reward, Winner
from programs.services import draws, imports, overview, programs, rewards
from programs.services.evaluations import NotApproved, ask_evaluation
from tests.programs.conftest import AFTER_THE_PERIOD as AT
from tests.programs.conftest import PERIODS, PICK_UP_DAY, payment_file
from units.models import Unit, User
from units.powers import Role

pytestmark = pytest.mark.django_db
SECRET = "a secret of the officer"


@pytest.fixture
def frozen(
    program: Program,
    paid_in_time: None,
    evaluate: Callable[..., Evaluation],
    srm_jakarta: User,
    work: Callable[[], None],
) -> Callable[..., Program]:
    """The program with its list frozen, and its winners selected where there is no draw."""

    def freeze(**criteria: Any) -> Program:
        Program.objects.filter(pk=program.pk).update(**criteria)
        programs.freeze_list(evaluation=evaluate(), by=srm_jakarta, at=AT)
        work()
        return Program.objects.select_related("unit").get(pk=program.pk)

    return freeze


@pytest.fixture
def announced(frozen: Callable[..., Program], program_jakarta: User) -> Program:
    return programs.announce_program(program=frozen(), by=program_jakarta, at=AT)


@pytest.fixture
def winner(announced: Program) -> Winner:
    return Winner.objects.select_related("unit", "program__unit", "customer").order_by("pk")[0]


@pytest.fixture
def reward(announced: Program, menteng: Unit, manager_menteng: User) -> Reward:
    return rewards.set_reward(
        program=announced, unit=menteng, name="Payung", stock=2, by=manager_menteng, at=AT
    )


@pytest.fixture
def told(winner: Winner, reward: Reward, manager_menteng: User) -> Winner:
    """A winner who has a reward and knows."""
    rewards.assign_reward(winner=winner, reward=reward, by=manager_menteng, at=AT)
    rewards.contact_winner(winner=winner, method="PHONE", reached=True, by=manager_menteng, at=AT)
    winner.refresh_from_db()
    return winner


def hand_over(winner: Winner, by: User, **more: Any) -> Winner:
    asked: dict[str, Any] = {"code": rewards.code_of(winner), "identity": "KTP", "identity_last4": "0001"}
    return rewards.hand_over(winner=winner, by=by, **{"at": PICK_UP_DAY} | asked | more)


# --- Stages ----------------------------------------------------------------------------------------


def draft(jakarta: Unit, **more: Any) -> Program:
    day = datetime(2022, 1, 1, tzinfo=UTC).date()
    values = {
        "slug": "baru-2022", "name": "Program baru", "unit": jakarta, "period_start": day, "months": 3,
        "announce_before": day.replace(month=5), "pick_up_from": day.replace(month=5),
        "pick_up_until": day.replace(month=6), "agent_may_say": "Bayar tanggal 1 s.d. 5.",
    }  # fmt: skip
    return Program(**values | more)


def test_a_draft_is_approved_by_another_person(
    jakarta: Unit, program_jakarta: User, srm_jakarta: User, appoint: Callable[..., User]
) -> None:
    made = programs.save_draft(program=draft(jakarta), by=program_jakarta, at=AT)
    appoint("program_jakarta", Role.SRM_NIAGA, "UID Jakarta Raya")
    both = User.objects.get(pk=program_jakarta.pk)

    with pytest.raises(programs.SamePerson):
        programs.approve_program(program=made, by=both, at=AT)
    made.refresh_from_db()
    assert made.status == "DRAFT"

    assert programs.approve_program(program=made, by=srm_jakarta, at=AT).status == "APPROVED"
    kinds = ["APPROVED", "DRAFTED"]
    assert list(made.events.values_list("kind", flat=True)) == kinds


def test_a_draft_is_neither_seen_by_agents_nor_evaluated(
    jakarta: Unit, program_jakarta: User, agent: User
) -> None:
    made = programs.save_draft(program=draft(jakarta), by=program_jakarta, at=AT)

    assert made not in Program.objects.visible_to(agent)
    assert made in Program.objects.visible_to(program_jakarta)
    with pytest.raises(NotApproved):
        ask_evaluation(program=made, by=program_jakarta)


def test_criteria_change_only_in_a_draft(program: Program, program_jakarta: User) -> None:
    program.last_day = 20

    with pytest.raises(programs.Frozen):
        programs.save_draft(program=program, by=program_jakarta, at=AT)
    assert Program.objects.get().last_day == 5

    revised = programs.revise_program(program=program, by=program_jakarta, reason="Tanggal salah", at=AT)
    revised.last_day = 20
    assert programs.save_draft(program=revised, by=program_jakarta, at=AT).last_day == 20


def test_a_frozen_program_is_never_revised(frozen: Callable[..., Program], program_jakarta: User) -> None:
    with pytest.raises(programs.Frozen):
        programs.revise_program(program=frozen(), by=program_jakarta, reason="Sebentar", at=AT)
    assert Program.objects.get().status == "EVALUATED"


@pytest.mark.parametrize("name", ["agent", "manager_menteng", "manager_bandung", "program_jakarta"])
def test_only_the_approver_freezes(
    paid_in_time: None, evaluate: Callable[..., Evaluation], anyone: Callable[[str], User], name: str
) -> None:
    evaluation = evaluate()

    with pytest.raises(Forbidden):
        programs.freeze_list(evaluation=evaluation, by=User.objects.get(username="program_jakarta")
                             if name == "program_jakarta" else anyone(name), at=AT)  # fmt: skip
    assert Program.objects.get().evaluation is None


def test_nothing_is_frozen_while_days_are_left(
    paid_in_time: None, evaluate: Callable[..., Evaluation], srm_jakarta: User
) -> None:
    with pytest.raises(programs.WrongStage):
        programs.freeze_list(
            evaluation=evaluate(), by=srm_jakarta, at=datetime(2021, 5, 5, 16, 59, 59, tzinfo=UTC)
        )
    assert Program.objects.get().status == "APPROVED"


def test_a_list_of_other_payments_than_there_are_is_not_frozen(
    program: Program,
    paid_in_time: None,
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
    program_jakarta: User,
    srm_jakarta: User,
    work: Callable[[], None],
) -> None:
    """A correction that came after the evaluation, or is on its way, must be in the list first."""
    evaluation = evaluate()
    upload = ContentFile(payment_file(line(kind="REVERSAL", day=20)), name="batal.csv")
    imports.upload_payments(program=program, file=upload, by=program_jakarta)

    with pytest.raises(programs.WrongStage) as waiting:
        programs.freeze_list(evaluation=evaluation, by=srm_jakarta, at=AT)
    work()
    with pytest.raises(programs.WrongStage) as stale:
        programs.freeze_list(evaluation=evaluation, by=srm_jakarta, at=AT)

    assert (waiting.value.code, stale.value.code) == ("importing", "stale_list")
    assert Program.objects.get().status == "APPROVED"
    assert programs.freeze_list(evaluation=evaluate(), by=srm_jakarta, at=AT).evaluation.entry_count == 2


# --- Winners ---------------------------------------------------------------------------------------


@pytest.mark.requirement("R-004-4", "R-004-6")
def test_without_a_draw_everybody_on_the_list_wins(frozen: Callable[..., Program], menteng: Unit) -> None:
    program = frozen()

    assert Winner.objects.count() == 3
    assert set(Winner.objects.values_list("tariff", "unit__code", "rank", "status")) == {
        ("R1", menteng.code, None, "SELECTED")
    }
    assert program.winners_digest == draws.winners_digest(program)


def test_selecting_twice_changes_nothing(frozen: Callable[..., Program]) -> None:
    program = frozen()

    draws.select_winners(program_id=program.pk)

    assert Winner.objects.count() == 3
    assert ProgramEvent.objects.filter(kind="SELECTED").count() == 1


def draw(program: Program, officer: User, approver: User, work: Callable[[], None]) -> Draw:
    draws.commit_secret(program=program, secret=SECRET, by=officer, at=AT)
    draws.give_second_seed(program=program, seed="4 8 15 16", by=approver, at=AT)
    drawn = draws.draw_winners(program=program, secret=SECRET, by=officer, at=AT)
    work()
    return drawn


def test_anybody_can_recompute_the_draw(
    frozen: Callable[..., Program], program_jakarta: User, srm_jakarta: User, work: Callable[[], None]
) -> None:
    program = frozen(winners_per_group=1, reserves_per_group=1)
    assert not Winner.objects.exists()

    drawn = draw(program, program_jakarta, srm_jakarta, work)

    program.refresh_from_db()
    text = f"{SECRET}\n4 8 15 16\n{program.evaluation.digest}"
    assert drawn.seed == hashlib.sha256(text.encode()).hexdigest()
    idpels = [f"54000000000{number}" for number in (1, 2, 3)]
    order = sorted(idpels, key=lambda idpel: hashlib.sha256(f"{drawn.seed}:{idpel}".encode()).hexdigest())
    found = list(Winner.objects.order_by("rank").values_list("customer__idpel", "rank", "status"))
    assert found == [(order[0], 1, "SELECTED"), (order[1], 2, "RESERVE")]
    assert list(draws.recompute_draw(program)) == [(order[0], 1), (order[1], 2)]


def test_the_draw_takes_two_people_and_happens_once(
    frozen: Callable[..., Program],
    program_jakarta: User,
    srm_jakarta: User,
    appoint: Callable[..., User],
    work: Callable[[], None],
) -> None:
    program = frozen(winners_per_group=1)
    with pytest.raises(programs.WrongStage):
        draws.give_second_seed(program=program, seed="1", by=srm_jakarta, at=AT)
    draws.commit_secret(program=program, secret=SECRET, by=program_jakarta, at=AT)
    with pytest.raises(programs.WrongStage):
        draws.draw_winners(program=program, secret=SECRET, by=program_jakarta, at=AT)
    appoint("program_jakarta", Role.SRM_NIAGA, "UID Jakarta Raya")
    with pytest.raises(programs.SamePerson):
        draws.give_second_seed(program=program, seed="1", by=User.objects.get(pk=program_jakarta.pk), at=AT)
    draws.give_second_seed(program=program, seed="1", by=srm_jakarta, at=AT)
    with pytest.raises(programs.WrongStage):
        draws.commit_secret(program=program, secret="another secret", by=program_jakarta, at=AT)
    with pytest.raises(draws.NotTheSecret):
        draws.draw_winners(program=program, secret="another secret", by=program_jakarta, at=AT)
    draws.draw_winners(program=program, secret=SECRET, by=program_jakarta, at=AT)
    work()

    with pytest.raises(draws.AlreadyDrawn):
        draws.draw_winners(program=program, secret=SECRET, by=program_jakarta, at=AT)
    assert Draw.objects.count() == 1
    assert Winner.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Draw.objects.filter(program=program)._raw_delete("default")


# --- Telling ---------------------------------------------------------------------------------------


@pytest.mark.requirement("R-004-8")
@pytest.mark.parametrize(
    ("at", "is_late"),
    [(datetime(2021, 6, 16, 16, 59, 59, tzinfo=UTC), False), (datetime(2021, 6, 16, 17, tzinfo=UTC), True)],
)
def test_winners_are_told_before_the_seventeenth(
    winner: Winner, manager_menteng: User, at: datetime, is_late: bool
) -> None:
    def tell(**more: Any) -> Contact:
        return rewards.contact_winner(
            winner=winner, method="PHONE", reached=True, by=manager_menteng, at=at, **more
        )

    if is_late:
        for more in ({}, {"override": True}, {"reason": "Pemadaman"}):
            with pytest.raises(programs.TooLate):
                tell(**more)
        assert not Contact.objects.exists()
        assert tell(override=True, reason="Nomor lama").late_reason == "Nomor lama"
    else:
        assert tell().late_reason == ""
    winner.refresh_from_db()
    assert (winner.status, winner.told_at) == ("TOLD", at)


@pytest.mark.requirement("R-004-8")
def test_the_announcement_itself_keeps_the_deadline(
    frozen: Callable[..., Program], program_jakarta: User
) -> None:
    program = frozen()

    with pytest.raises(programs.TooLate):
        programs.announce_program(program=program, by=program_jakarta, at=PICK_UP_DAY)
    assert Program.objects.get().status == "EVALUATED"
    late = programs.announce_program(
        program=program, by=program_jakarta, at=PICK_UP_DAY, override=True, reason="Surat terlambat"
    )
    assert late.status == "ANNOUNCED"
    assert late.events.first().data == {"late_reason": "Surat terlambat"}


@pytest.mark.requirement("R-004-7", "R-004-9")
def test_the_up3_of_the_winner_contacts_and_nobody_else(
    winner: Winner, manager_menteng: User, anyone: Callable[[str], User]
) -> None:
    for name in ("agent", "manager_bandung", "srm_jakarta", "back_office"):
        with pytest.raises(Forbidden):
            rewards.contact_winner(winner=winner, method="VISIT", reached=False, by=anyone(name), at=AT)
    assert not Contact.objects.exists()

    rewards.contact_winner(winner=winner, method="VISIT", reached=False, by=manager_menteng, at=AT)

    contact = Contact.objects.get()
    assert (contact.by, contact.reached, contact.at) == (manager_menteng, False, AT)
    assert winner.program.announcement_note == (
        "Metode penyampaian dengan memperhatikan protokol kesehatan pencegahan Covid-19."
    )
    winner.refresh_from_db()
    assert winner.status == "SELECTED"


# --- Rewards ---------------------------------------------------------------------------------------


@pytest.mark.requirement("R-004-7")
def test_each_up3_sets_its_own_rewards(
    announced: Program, menteng: Unit, bandung: Unit, anyone: Callable[[str], User], manager_menteng: User
) -> None:
    for name in ("agent", "manager_bandung", "srm_jakarta"):
        with pytest.raises(Forbidden):
            rewards.set_reward(program=announced, unit=menteng, name="Tas", stock=1, by=anyone(name), at=AT)
    with pytest.raises(Forbidden):
        rewards.set_reward(program=announced, unit=bandung, name="Tas", stock=1, by=manager_menteng, at=AT)
    with pytest.raises(Invalid):
        rewards.set_reward(
            program=announced, unit=bandung, name="Tas", stock=1, by=anyone("manager_bandung"), at=AT
        )
    assert not Reward.objects.exists()


def test_no_more_are_assigned_than_there_are(
    announced: Program, reward: Reward, manager_menteng: User
) -> None:
    assert rewards.assign_to_waiting(reward=reward, by=manager_menteng, at=AT) == 2
    left = Winner.objects.get(reward__isnull=True)

    with pytest.raises(rewards.OutOfStock):
        rewards.assign_reward(winner=left, reward=reward, by=manager_menteng, at=AT)
    with pytest.raises(Invalid):
        rewards.set_reward(
            program=announced,
            unit=reward.unit,
            name="Payung",
            stock=1,
            by=manager_menteng,
            at=AT,
            reward=reward,
        )
    reward.refresh_from_db()
    assert (reward.stock, reward.assigned) == (2, 2)


@pytest.mark.requirement("R-004-10")
def test_a_reward_is_handed_over_once(told: Winner, manager_menteng: User) -> None:
    done = hand_over(told, manager_menteng)

    assert (done.status, done.handed_over_by, done.identity_last4) == ("HANDED_OVER", manager_menteng, "0001")
    with pytest.raises(rewards.AlreadyHandedOver):
        hand_over(told, manager_menteng)
    assert ProgramEvent.objects.filter(kind="HANDED_OVER").count() == 1


@pytest.mark.requirement("R-004-10")
@pytest.mark.parametrize("days", [-1, 1])
def test_a_reward_is_handed_over_on_the_pick_up_day_only(
    told: Winner, manager_menteng: User, days: int
) -> None:
    with pytest.raises(programs.WrongStage):
        hand_over(told, manager_menteng, at=PICK_UP_DAY + timedelta(days=days))
    told.refresh_from_db()
    assert told.status == "TOLD"


def test_five_wrong_codes_lock_until_the_officer_unlocks(
    told: Winner, manager_menteng: User, program_jakarta: User
) -> None:
    for _ in range(5):
        with pytest.raises(rewards.WrongCode):
            hand_over(told, manager_menteng, code="AAAA-AAAA")
    with pytest.raises(rewards.CodeLocked):
        hand_over(told, manager_menteng)
    with pytest.raises(Forbidden):
        rewards.unlock_code(winner=told, by=manager_menteng, at=PICK_UP_DAY)
    rewards.unlock_code(winner=told, by=program_jakarta, at=PICK_UP_DAY)

    assert hand_over(told, manager_menteng).status == "HANDED_OVER"


@pytest.mark.parametrize("more", [{"identity": ""}, {"identity": "KARTU"}, {"identity_last4": "31710"}])
def test_an_identity_is_checked_and_only_its_last_digits_kept(
    told: Winner, manager_menteng: User, more: dict[str, str]
) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises((DomainError, ValidationError)):
        hand_over(told, manager_menteng, **more)
    told.refresh_from_db()
    assert told.status == "TOLD"


def test_a_winner_without_reward_or_word_collects_nothing(winner: Winner, manager_menteng: User) -> None:
    with pytest.raises(programs.WrongStage):
        hand_over(winner, manager_menteng)
    with pytest.raises(programs.WrongStage):
        rewards.show_code(winner=winner, by=manager_menteng, at=AT)


def test_what_was_not_collected_goes_back_and_the_reserve_moves_up(
    frozen: Callable[..., Program],
    program_jakarta: User,
    srm_jakarta: User,
    manager_menteng: User,
    menteng: Unit,
    work: Callable[[], None],
) -> None:
    program = frozen(winners_per_group=1, reserves_per_group=2)
    draw(program, program_jakarta, srm_jakarta, work)
    programs.announce_program(program=program, by=program_jakarta, at=AT)
    reward = rewards.set_reward(
        program=program, unit=menteng, name="Payung", stock=1, by=manager_menteng, at=AT
    )
    first = Winner.objects.get(rank=1)
    rewards.assign_reward(winner=first, reward=reward, by=manager_menteng, at=AT)
    with pytest.raises(programs.WrongStage):
        rewards.mark_not_collected(winner=first, by=manager_menteng, at=PICK_UP_DAY)

    later = PICK_UP_DAY + timedelta(days=1)
    reserve = rewards.mark_not_collected(winner=first, by=manager_menteng, at=later)

    reward.refresh_from_db()
    assert reward.assigned == 0
    [menteng_line] = [row for row in overview.per_unit(program, manager_menteng) if row.winners]
    assert (menteng_line.winners, menteng_line.not_collected, menteng_line.left) == (2, 1, 1)
    assert reserve == Winner.objects.get(rank=2)
    assert reserve.status == "SELECTED"
    rewards.assign_reward(winner=reserve, reward=reward, by=manager_menteng, at=later)
    programs.extend_pick_up(
        program=program,
        until=(later + timedelta(days=7)).date(),
        reason="Cadangan",
        by=program_jakarta,
        at=later,
    )
    rewards.contact_winner(
        winner=reserve,
        method="PHONE",
        reached=True,
        by=manager_menteng,
        at=later,
        override=True,
        reason="Cadangan",
    )
    reserve.refresh_from_db()
    reserve = Winner.objects.select_related("program", "customer").get(pk=reserve.pk)
    assert hand_over(reserve, manager_menteng, at=later).status == "HANDED_OVER"


def test_a_program_is_closed_after_its_last_pick_up_day(announced: Program, program_jakarta: User) -> None:
    with pytest.raises(programs.WrongStage):
        programs.close_program(program=announced, by=program_jakarta, at=PICK_UP_DAY)

    closed = programs.close_program(program=announced, by=program_jakarta, at=PICK_UP_DAY + timedelta(days=1))
    assert closed.status == "CLOSED"


def test_a_later_correction_does_not_touch_the_frozen_list(
    frozen: Callable[..., Program],
    evaluate: Callable[..., Evaluation],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    customers: list[Customer],
) -> None:
    program = frozen()
    frozen_digest = program.evaluation.digest

    import_file(payment_file(line(kind="REVERSAL", period=PERIODS[0], day=20)))
    again = evaluate(program)

    program.refresh_from_db()
    assert program.evaluation.digest == frozen_digest != again.digest
    assert Winner.objects.count() == 3
