"""The back office for SOPs: who sees what, and the way from a draft to a published version by its pages."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from sop.models import Call, Procedure, PsScheme, SopDocument, SopValue, SopVersion
from sop.services import documents, reviews
from sop.services.documents import Region
from tests.sop.conftest import PADAM
from tickets.models import Ticket
from units.powers import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(browse, sop_author):
    return browse(sop_author)


@pytest.fixture
def approver(browse, sop_approver):
    return browse(sop_approver)


@pytest.fixture
def draft(sop_author, unit):
    """A draft of a new document, with a text, a region and a procedure."""

    def make(procedure=PADAM, **fields):
        now = timezone.now()
        pusat = unit("PLN Pusat")
        document = documents.create_document(
            slug="contoh", title="Contoh", owner_unit=pusat, by=sop_author, at=now
        )
        version = documents.draft_version(
            document=document, by=sop_author, at=now, text="# Isi\n\n<script>x</script>", **fields
        )
        regions = [Region(pusat, version.valid_from)]
        documents.set_regions(version=version, regions=regions, by=sop_author, at=now)
        documents.save_procedure(version=version, source=procedure, by=sop_author, at=now)
        return version

    return make


def page(name, *args):
    return reverse(f"admin:sop_{name}", args=args)


def dialog(client, name, row, **data):
    """What a dialog of the page posts."""
    address = reverse(f"admin:sop_{row._meta.model_name}_{name}", args=[row.pk])
    return client.post(address, {"_form_submitted": "true", **data}, headers={"HX-Request": "true"})


def words(response):
    return response.content.decode()


# --- Who sees what --------------------------------------------------------------------------------

LISTS = (
    "sopdocument_changelist",
    "sopversion_changelist",
    "procedure_changelist",
    "sopvalue_changelist",
    "psscheme_changelist",
)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["agent", "sop_author", "sop_approver", "manager_menteng", "back_office"])
def test_every_reader_of_sops_opens_the_lists(browse, anyone, name, who):
    assert browse(anyone(who)).get(page(name)).status_code == 200


@pytest.mark.parametrize("name", ["call_changelist", "call_statistics", "handover_changelist"])
@pytest.mark.parametrize(("who", "status"), [("supervisor", 200), ("sop_author", 200), ("agent", 403)])
def test_only_those_who_see_calls_learn_from_them(browse, anyone, name, who, status):
    answer = browse(anyone(who)).get(page(name)).status_code

    assert answer in ((status,) if status == 200 else (403, 404))


def test_a_draft_is_hidden_from_readers(browse, agent, draft):
    version = draft()
    client = browse(agent)

    procedure = version.procedures.get()
    for address in (
        page("sopversion_change", version.pk),
        page("sopversion_difference", version.pk),
        page("procedure_change", procedure.pk),
        page("procedure_paths", procedure.pk),
        page("procedure_graph", procedure.pk),
        page("procedure_try", procedure.pk),
        page("procedure_difference", procedure.pk),
    ):
        assert client.get(address).status_code in (302, 404), address
    assert "Contoh" not in words(client.get(page("sopversion_changelist")))


def test_a_reader_changes_nothing(browse, agent):
    version = SopVersion.objects.get(document__slug="periksa", number=2)
    client = browse(agent)

    assert client.get(page("sopversion_change", version.pk)).status_code == 200
    assert client.post(page("sopversion_change", version.pk), {"text": "x"}).status_code == 403
    for name in ("publish", "end", "withdraw", "submit", "take_back", "throw_away"):
        assert dialog(client, name, version).status_code == 403
    assert SopVersion.objects.get(pk=version.pk).status == "PUBLISHED"


def test_an_author_of_one_region_does_not_see_drafts_for_the_country(browse, appoint, draft):
    version = draft()
    other = appoint("author_jakarta", Role.SOP_AUTHOR, "UID Jakarta Raya")

    assert browse(other).get(page("sopversion_change", version.pk)).status_code in (302, 404)


# --- Documents ------------------------------------------------------------------------------------


def test_an_author_makes_a_document_and_drafts_a_version(author, unit):
    answer = author.post(
        page("sopdocument_add"),
        {"slug": "baru", "title": "Baru", "owner_unit": unit("PLN Pusat").pk, "tags": "satu, dua"},
    )
    document = SopDocument.objects.get(slug="baru")
    assert answer.status_code == 302
    assert document.tags == ["satu", "dua"]

    answer = dialog(author, "draft", document, valid_from="2030-01-01")

    version = document.versions.get()
    assert answer.headers["HX-Redirect"] == page("sopversion_change", version.pk)
    assert (version.number, version.status, version.valid_from.year) == (1, "DRAFT", 2030)


def test_a_short_name_that_is_taken_is_shown_at_its_field(author, unit):
    data = {"slug": "periksa", "title": "Baru", "owner_unit": unit("PLN Pusat").pk}

    answer = author.post(page("sopdocument_add"), data)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["slug"]
    assert SopDocument.objects.filter(title="Baru").count() == 0


def test_the_page_of_a_document_tells_what_rules_today(author):
    document = SopDocument.objects.get(slug="periksa")

    text = words(author.get(page("sopdocument_change", document.pk)))

    assert "periksa@1" in text
    assert "periksa@2" in text


def test_the_list_asks_the_same_questions_for_many_documents(author, django_assert_max_num_queries, unit):
    for number in range(20):
        SopDocument.objects.create(slug=f"d{number}", title="x", owner_unit=unit("PLN Pusat"))

    with django_assert_max_num_queries(14):
        author.get(page("sopdocument_changelist"))


def test_a_review_is_recorded_and_counts_from_today(author):
    document = SopDocument.objects.get(slug="periksa")

    dialog(author, "reviewed", document)

    document.refresh_from_db()
    assert document.reviewed_on == document.owner_unit.local_date(timezone.now())


# --- Versions -------------------------------------------------------------------------------------


def version_data(version, **changes):
    region = version.regions.get()
    return {
        "title": version.title,
        "revision": "",
        "origin": "Surat",
        "dated_on": version.dated_on,
        "valid_from": version.valid_from,
        "valid_until": "",
        "supersedes": "",
        "text": version.text,
        "notes": "",
        "regions-TOTAL_FORMS": 2,
        "regions-INITIAL_FORMS": 1,
        "regions-0-id": region.pk,
        "regions-0-version": version.pk,
        "regions-0-unit": region.unit_id,
        "regions-0-effective_from": region.effective_from,
        "regions-0-effective_until": "",
        "regions-1-version": version.pk,
        "attachments-TOTAL_FORMS": 0,
        "attachments-INITIAL_FORMS": 0,
    } | changes


def test_the_author_edits_a_draft_its_regions_and_files(author, draft, jakarta, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    version = draft()
    file = SimpleUploadedFile("surat edaran.pdf", b"%PDF-1.7 isi")

    answer = author.post(
        page("sopversion_change", version.pk),
        version_data(
            version,
            text="Isi baru",
            new_file=file,
            **{"regions-1-unit": jakarta.pk, "regions-1-effective_from": version.valid_from},
        ),
    )

    assert answer.status_code == 302
    version.refresh_from_db()
    assert (version.text, version.origin) == ("Isi baru", "Surat")
    assert version.regions.count() == 2
    assert version.attachments.get().file_name == "surat edaran.pdf"


def test_a_refusal_stands_in_the_form_and_nothing_is_kept(author, draft):
    version = draft()
    file = SimpleUploadedFile("gambar.png", b"<svg onload=alert(1)>")

    answer = author.post(
        page("sopversion_change", version.pk), version_data(version, text="Lain", new_file=file)
    )

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["__all__"]
    version.refresh_from_db()
    assert version.text != "Lain"
    assert not version.attachments.exists()


def test_the_text_of_a_version_never_becomes_a_script(author, approver, draft):
    version = draft()

    shown = words(approver.get(page("sopversion_change", version.pk)))

    assert "<h1>Isi</h1>" in shown
    assert "<script>x</script>" not in shown


def test_a_draft_is_submitted_and_published_by_two_people(author, approver, draft, sop_approver):
    version = draft()
    assert dialog(author, "submit", version).status_code == 200
    assert dialog(author, "publish", version).status_code == 403
    assert SopVersion.objects.get(pk=version.pk).status == "IN_REVIEW"

    dialog(approver, "publish", version)

    version.refresh_from_db()
    assert (version.status, version.approver) == ("PUBLISHED", sop_approver)


def test_a_get_publishes_nothing(author, approver, draft):
    version = draft()
    dialog(author, "submit", version)

    approver.get(reverse("admin:sop_sopversion_publish", args=[version.pk]))

    assert SopVersion.objects.get(pk=version.pk).status == "IN_REVIEW"


def test_the_checks_name_line_and_step(author, draft):
    version = draft(PADAM.replace("check: caller_number_kind", "check: no_such_check"))

    shown = words(author.get(page("sopversion_change", version.pk)))

    assert "no_such_check" in shown
    assert "<td>33</td>" in shown


def test_the_page_says_why_a_version_is_not_submitted(author, draft):
    version = draft(PADAM.replace("{nomor_laporan}", "{tidak_ada}"))

    dialog(author, "submit", version)

    assert SopVersion.objects.get(pk=version.pk).status == "DRAFT"
    assert "tidak_ada" in words(author.get(page("sopversion_change", version.pk)))


def test_the_last_day_and_the_withdrawal_are_set_by_dialogs(author, approver, draft):
    version = draft()
    dialog(author, "submit", version)
    dialog(approver, "publish", version)
    day = timezone.localdate() + timedelta(days=3)

    dialog(approver, "end", version, last_day=day.isoformat())
    assert SopVersion.objects.get(pk=version.pk).valid_until == day
    dialog(approver, "withdraw", version, reason="keliru")

    assert SopVersion.objects.get(pk=version.pk).withdrawal_reason == "keliru"


def test_versions_are_compared_by_text_steps_and_outcomes(author):
    old, new = SopVersion.objects.filter(document__slug="periksa").order_by("number")

    shown = words(author.get(page("sopversion_difference", new.pk) + f"?from={old.pk}"))

    assert "<ins>" in shown
    assert "lapor_diagnosis_padam" in shown
    assert author.get(page("sopversion_difference", new.pk) + "?from=x").status_code == 404


def test_a_supervisor_sees_who_has_not_read_it(browse, supervisor, agent):
    version = SopVersion.objects.get(document__slug="periksa", number=2)

    shown = words(browse(supervisor).get(page("sopversion_readers", version.pk)))

    assert "agent" in shown
    assert 'data-read="no"' in shown
    assert browse(agent).get(page("sopversion_readers", version.pk)).status_code == 404


@pytest.mark.parametrize("place", ["index", "page"])
def test_what_is_new_is_shown_first_and_acknowledged(browse, agent, place):
    old, new = SopVersion.objects.filter(document__slug="periksa").order_by("number")
    client = browse(agent)
    address = page("sopversion_change", new.pk)
    dialog(client, "acknowledge", old)
    assert reverse("admin:sop_sopversion_change", args=[new.pk]) in words(client.get(reverse("admin:index")))
    shown = words(client.get(address))
    assert shown.index("text-changes") < shown.index("sop-text")

    dialog(client, "acknowledge", new)

    text = words(client.get(reverse("admin:index") if place == "index" else address))
    assert (address in text) == (place == "page")
    assert "text-changes" not in text
    assert dialog(client, "acknowledge", new).status_code == 403


def test_the_first_page_lists_what_is_due_for_review(author):
    SopDocument.objects.filter(slug="alokasi-pbpd").update(review_interval_months=0)

    shown = words(author.get(reverse("admin:index")))

    assert page("sopdocument_change", SopDocument.objects.get(slug="alokasi-pbpd").pk) in shown


# --- Procedures -----------------------------------------------------------------------------------


def test_a_procedure_is_added_with_its_problems_and_then_mended(author, draft):
    version = draft()
    source = PADAM.replace("slug: padam", "slug: kedua")
    broken = source.replace("next: nomor", "next: tidak_ada")

    address = page("procedure_add") + f"?version={version.pk}"
    assert "textarea" in words(author.get(address))
    answer = author.post(address, {"source": broken, "version": version.pk})
    procedure = Procedure.objects.get(slug="kedua")
    assert answer.status_code == 302
    assert 'data-line="' in words(author.get(page("procedure_change", procedure.pk)))

    author.post(page("procedure_change", procedure.pk), {"source": source, "version": version.pk})

    procedure.refresh_from_db()
    assert procedure.compiled["slug"] == "kedua"
    assert 'data-line="' not in words(author.get(page("procedure_change", procedure.pk)))


def test_nobody_adds_a_procedure_to_somebody_elses_draft(browse, back_office, draft):
    version = draft()

    address = page("procedure_add") + f"?version={version.pk}"

    assert browse(back_office).get(address).status_code in (403, 404)
    assert browse(back_office).post(address, {"source": PADAM, "version": version.pk}).status_code in (
        403,
        404,
    )
    assert version.procedures.count() == 1


def test_typing_is_checked_without_saving(author, draft):
    version = draft()
    before = version.procedures.get().source

    answer = author.post(
        page("procedure_check", version.pk), {"source": PADAM.replace("kind: say", "kind: x")}
    )

    assert answer.json()["problems"][0]["line"] == 10
    assert version.procedures.get().source == before


def test_a_procedure_is_removed_from_a_draft(author, draft):
    version = draft()

    dialog(author, "remove", version.procedures.get())

    assert not version.procedures.exists()


@pytest.mark.parametrize("slug", ["periksa", "pln-terbaik", "alokasi-pbpd", "turun-daya"])
def test_paths_and_drawing_of_a_seed_are_shown(author, slug):
    procedure = Procedure.objects.filter(slug=slug).order_by("-version__number").first()

    listed = words(author.get(page("procedure_paths", procedure.pk)))
    drawn = words(author.get(page("procedure_graph", procedure.pk)))

    outcomes = [name for name, step in procedure.compiled["steps"].items() if step["kind"] == "outcome"]
    assert all(name in listed for name in outcomes)
    assert "<svg" in drawn


def test_paths_are_filtered_by_outcome_and_paged(author):
    procedure = Procedure.objects.get(slug="periksa", version__number=2)

    answer = author.get(page("procedure_paths", procedure.pk) + "?outcome=lapor_blank&page=999999")

    assert answer.status_code == 200
    assert {row["kind"] for row in answer.context["rows"]} == {"GANGGUAN_AUTODISPATCH"}


def test_a_draft_that_changes_an_outcome_shows_which_paths(author, approver, draft, sop_author):
    first = draft()
    dialog(author, "submit", first)
    dialog(approver, "publish", first)
    now = timezone.now()
    second = documents.draft_version(document=first.document, source=first, by=sop_author, at=now)
    procedure = second.procedures.get()
    source = procedure.source.replace("LISTRIK MASIH MENYALA", "LISTRIK MENYALA")
    documents.save_procedure(version=second, source=source, procedure=procedure, by=sop_author, at=now)

    change = author.get(page("procedure_difference", procedure.pk)).context["change"]

    assert [(it.before[2], it.after[2]) for it in change.paths_changed] == [
        ("LISTRIK MASIH MENYALA", "LISTRIK MENYALA")
    ]
    assert (change.steps_changed, change.paths_added, change.paths_removed) == (("tutup",), (), ())


# --- Trying ---------------------------------------------------------------------------------------


def test_a_draft_is_tried_to_its_outcome_and_leaves_nothing_behind(author, draft):
    address = page("procedure_try", draft().procedures.get().pk)
    answer = author.get(address)
    sent = [
        {},
        {"fields.nama": "Penelepon Satu", "fields.sapaan": "ibu"},
        {"choice": "padam"},
        {"choice": "MOBILE"},
        {"fields.area": "31.71.01.1001"},
        {},
    ]

    for given in sent:
        step = answer.context["step"]
        data = {"answers": answer.context["answers"], "step": step["id"], **given}
        answer = author.post(address, data)
        assert answer.context["refusal"] == ""

    assert answer.context["step"]["id"] == "nomor"
    assert "GXXXXXXXXXXXX" in words(answer)
    assert not Call.objects.exists()
    assert not Ticket.objects.exists()


def test_an_answer_that_does_not_fit_is_refused_and_the_rest_kept(author, draft):
    address = page("procedure_try", draft().procedures.get().pk)
    first = author.post(address, {"answers": "[]", "step": "salam"})

    answer = author.post(address, {"answers": first.context["answers"], "step": "nama", "fields.sapaan": "x"})

    assert answer.context["refusal"]
    assert answer.context["step"]["id"] == "nama"
    assert len(json.loads(answer.context["answers"])) == 1


@pytest.mark.parametrize("answers", ["{", "[1]", '[{"x": 1}]', '{"a": 1}', '[{"step": "nowhere"}]', "null"])
def test_a_page_that_sends_nonsense_begins_anew(author, draft, answers):
    address = page("procedure_try", draft().procedures.get().pk)

    assert author.post(address, {"answers": answers}).status_code == 200


def test_only_authors_and_approvers_try(browse, agent):
    procedure = Procedure.objects.filter(slug="pln-terbaik").get()

    assert browse(agent).get(page("procedure_try", procedure.pk)).status_code == 403


# --- Values ---------------------------------------------------------------------------------------


def test_a_lost_picture_is_marked_until_somebody_confirms_it(author):
    value = SopValue.objects.get(key="periksa-o4")
    assert "hilang" in words(author.get(page("sopvalue_changelist"))) or "lost" in words(
        author.get(page("sopvalue_changelist"))
    )

    answer = author.post(
        page("sopvalue_change", value.pk),
        {
            "key": value.key,
            "value": "TEKS YANG BENAR",
            "default": value.default,
            "is_capture_lost": "on",
            "note": value.note,
            "valid_from": "2000-01-01",
        },
    )

    value.refresh_from_db()
    assert answer.status_code == 302
    assert (value.text, value.is_assumed) == ("TEKS YANG BENAR", False)


def test_an_author_of_one_region_does_not_change_values_of_the_country(browse, appoint):
    other = appoint("author_jakarta", Role.SOP_AUTHOR, "UID Jakarta Raya")
    value = SopValue.objects.get(key="periksa-o4")

    answer = browse(other).post(
        page("sopvalue_change", value.pk),
        {"key": value.key, "value": "X", "default": value.default, "note": "", "valid_from": "2000-01-01"},
    )

    value.refresh_from_db()
    assert answer.status_code in (200, 403)
    assert value.value == ""


@pytest.mark.requirement("R-001-12")
def test_a_scheme_is_set_for_a_region(author, jakarta):
    answer = author.post(
        page("psscheme_add"), {"unit": jakarta.pk, "scheme": 2, "valid_from": "2020-04-10", "basis": "surat"}
    )

    assert answer.status_code == 302
    assert PsScheme.objects.get().scheme == 2


# --- Reviews --------------------------------------------------------------------------------------


def test_authors_are_reminded_once_before_a_document_is_due(sop_author):
    version = SopVersion.objects.get(document__slug="periksa", number=2)
    due = reviews.months_later(timezone.localdate(version.published_at), 6)
    soon = timezone.now() + (due - timezone.localdate()) - timedelta(days=10)

    assert reviews.remind_of_reviews(at=soon) == 1
    assert reviews.remind_of_reviews(at=soon) == 0
    reminder = version.document.reminders.get()
    assert reminder.due_on == due

    reviews.record_review(document=version.document, by=sop_author, at=soon)

    reminder.refresh_from_db()
    assert reminder.done_at == soon
    assert version.document not in [it.document for it in reviews.due_dates(until=due)]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-12-15", 1, "2027-01-15"), ("2024-02-29", 12, "2025-02-28")],
)
def test_months_are_counted_to_the_same_or_the_last_day(day, months, later):
    assert reviews.months_later(date.fromisoformat(day), months) == date.fromisoformat(later)
