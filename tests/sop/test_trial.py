"""Trying a draft: everything can be seen, nothing is left behind."""

import pytest

from common.errors import Forbidden, Invalid
from sop.models import Call, CallStep, SopDocument, SopVersion
from sop.services import library
from sop.services.presenting import present_path, present_step
from sop.services.trial import NotRunnable, TrialAnswer, try_procedure
from tickets.models import Ticket
from units.models import Unit

from .conftest import MORNING, PADAM

pytestmark = pytest.mark.django_db

NAMED = TrialAnswer("nama", given={"nama": "Penelepon Satu", "sapaan": "ibu"})
TO_CHECK = (TrialAnswer("salam"), NAMED, TrialAnswer("listrik", choice="padam"))


@pytest.fixture
def draft(problem_types):
    """A procedure of a draft."""

    def make(source=PADAM):
        pusat = Unit.objects.get(name="PLN Pusat")
        document = SopDocument.objects.create(slug="coba", title="Coba", owner_unit=pusat)
        version = SopVersion.objects.create(
            document=document, number=1, title="Coba", dated_on=MORNING.date(), valid_from=MORNING.date()
        )
        library.write_procedure(version=version, source=source)
        return version.procedures.get()

    return make


def test_a_draft_is_walked_to_its_end_and_nothing_is_written(draft, sop_author):
    answers = (
        *TO_CHECK,
        TrialAnswer("jenis", choice="MOBILE"),
        TrialAnswer("lokasi", given={"area": "31.71.01.1001"}),
        TrialAnswer("lapor"),
    )

    situation = try_procedure(procedure=draft(), answers=answers, by=sop_author, at=MORNING)

    assert present_step(situation)["say"] == "Nomornya GXXXXXXXXXXXX"
    assert [it["step"] for it in present_path(situation)][-1] == "lapor"
    assert not Ticket.objects.exists()
    assert not Call.objects.exists()
    assert not CallStep.objects.exists()


def test_the_person_who_tries_answers_the_checks(draft, sop_approver):
    situation = try_procedure(procedure=draft(), answers=TO_CHECK, by=sop_approver, at=MORNING)

    step = present_step(situation)
    assert (step["id"], step["kind"]) == ("jenis", "check")
    assert [it["value"] for it in step["choices"]] == ["PSTN", "MOBILE", "tidak_ada"]


def test_a_trial_goes_back_too(draft, sop_author):
    answers = (*TO_CHECK, TrialAnswer(to="nama"))

    situation = try_procedure(procedure=draft(), answers=answers, by=sop_author, at=MORNING)

    assert situation.walk.current == "nama"


def test_a_wrong_answer_is_refused_as_on_a_call(draft, sop_author):
    answers = (*TO_CHECK, TrialAnswer("jenis", choice="MERPATI"))

    with pytest.raises(Invalid):
        try_procedure(procedure=draft(), answers=answers, by=sop_author, at=MORNING)


def test_a_draft_with_faults_is_kept_but_not_tried(draft, sop_author):
    procedure = draft(PADAM.replace("next: nomor", "next: nimor"))

    assert "nimor" in procedure.source
    with pytest.raises(NotRunnable):
        try_procedure(procedure=procedure, answers=(), by=sop_author, at=MORNING)


def test_who_neither_writes_nor_approves_tries_nothing(draft, agent):
    with pytest.raises(Forbidden):
        try_procedure(procedure=draft(), answers=(), by=agent, at=MORNING)


def test_a_published_version_takes_no_procedure(publish):
    version = publish(PADAM)

    with pytest.raises(library.VersionIsSealed):
        library.write_procedure(version=version, source=PADAM.replace("slug: padam", "slug: lain"))

    assert version.procedures.count() == 1


def test_the_faults_of_a_version_name_procedure_step_and_line(draft):
    procedure = draft(PADAM.replace("    next: end\n", "    next: lapor\n"))

    found = library.problems_of(procedure.version)

    assert {it.procedure for it in found} == {"padam"}
    assert [it.step for it in found if it.code == "second_outcome"] == ["lapor"]
    assert {it.step for it in found if it.code == "endless"} == {"jenis", "hp", "lokasi", "lapor", "nomor"}
    lines = procedure.source.splitlines()
    assert all(lines[it.line - 1].strip() == f"{it.step}:" for it in found)
