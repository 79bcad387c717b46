"""SOPs to read over the API: which rules, search, differences, files, and "I have read it"."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from PIL import Image

from common.errors import DomainError
from sop.models import Acknowledgement, SopDocument, SopVersion
from sop.rendering import as_html
from sop.rules.differences import compare_texts
from sop.services import attachments, documents, publishing, reading
from sop.services.documents import Region
from tests.sop.conftest import PADAM
from units.powers import Role

pytestmark = pytest.mark.django_db

BASE = "/api/v1/sop/documents/"


@pytest.fixture
def reader(api, agent):
    return api(agent)


def get(client, path="", **query):
    return client.get(f"{BASE}{path}", query)


# --- Which rules ----------------------------------------------------------------------------------


def test_the_list_names_for_every_document_the_version_in_force(reader):
    answer = get(reader, on="2022-02-18", unit="53").json()

    rules = {it["slug"]: (it["version"] or {}).get("reference") for it in answer["results"]}
    assert rules == {
        "alokasi-pbpd": "alokasi-pbpd@1",
        "meter-replacement": "meter-replacement@1",
        "pandemi-covid-19": "pandemi-covid-19@1",
        "periksa": "periksa@2",
        "pln-terbaik": None,
        "vc-7-april-2020": "vc-7-april-2020@1",
    }


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"on": "2022-02-17", "unit": "53"}, 1),
        ({"on": "2022-02-18", "unit": "53"}, 2),
        ({"on": "1999-12-31", "unit": "53"}, None),
    ],
)
def test_a_document_answers_for_a_day_and_a_unit(reader, query, number):
    answer = get(reader, "periksa/", **query).json()

    assert (answer["version"] or {}).get("number") == number
    assert [it["number"] for it in answer["versions"]] == [2, 1]


@pytest.mark.requirement("R-ALL-1", "R-004-1")
@pytest.mark.parametrize(("on", "state"), [("2021-06-17", "in_force"), ("2021-06-18", "expired")])
def test_a_document_that_has_ended_says_so(reader, on, state):
    answer = get(reader, "pln-terbaik/", on=on).json()

    assert answer["newest"]["state"] == state
    assert (answer["version"] is None) == (state == "expired")


@pytest.mark.parametrize(
    "query", [{"on": "besok"}, {"on": "2022-02-30"}, {"unit": "tidak-ada"}, {"unit": "x" * 50}, {"apa": "1"}]
)
def test_a_day_or_unit_that_is_none_is_refused(reader, query):
    assert get(reader, **query).status_code == 400


def test_who_reads_no_sops_gets_none(api, channel, nobody):
    assert get(api(channel)).status_code == 403
    assert get(api(nobody)).status_code == 403
    assert get(api()).status_code in (401, 403)


def test_the_list_costs_the_same_for_many_documents(reader, unit, django_assert_max_num_queries):
    for number in range(30):
        SopDocument.objects.create(slug=f"d{number}", title="x", owner_unit=unit("PLN Pusat"))

    with django_assert_max_num_queries(10):
        get(reader, unit="54")


def test_a_draft_is_seen_by_authors_only(reader, api, sop_author, draft):
    version = draft()

    path = f"{version.document.slug}/versions/{version.number}/"
    assert get(reader, path).status_code == 404
    assert get(reader, f"{version.document.slug}/").status_code == 404
    assert get(api(sop_author), path).json()["status"] == "DRAFT"


# --- Search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "slug", "place"),
    [
        ("alokasi meter", "alokasi-pbpd", "title"),
        ("Tetangga Tidak Turut Padam", "periksa", "text"),
        ("meter macet", "meter-replacement", None),
        ("pembayaran rekening listrik setiap bulannya", "alokasi-pbpd", "text"),
        ("token ditolak", "periksa", "scripts"),
    ],
)
def test_search_finds_titles_texts_and_scripts_and_shows_the_place(reader, words, slug, place):
    found = {it["slug"]: it["match"] for it in get(reader, search=words, unit="54").json()["results"]}

    assert slug in found
    assert place in (None, found[slug]["place"])
    assert any(part["is_hit"] for part in found[slug]["excerpt"])


def test_search_follows_the_indonesian_stem_on_postgresql(reader):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite matches words as they are written")

    found = [it["slug"] for it in get(reader, search="menggantikan meternya").json()["results"]]

    assert "meter-replacement" in found


@pytest.mark.parametrize("words", ["tidakadakatainidimanapun", "%", "' OR 1=1 --", "_____"])
def test_search_for_what_stands_nowhere_finds_nothing(reader, words):
    answer = get(reader, search=words)

    assert answer.status_code == 200
    assert "tidakada" not in words or answer.json()["results"] == []


def test_the_list_is_a_fragment_for_the_agent_screen(reader):
    answer = reader.get(BASE, {"search": "alokasi meter"}, headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert "<mark>" in answer.content.decode()


# --- One version ----------------------------------------------------------------------------------


@pytest.mark.requirement("R-ALL-1")
@pytest.mark.parametrize(("on", "states"), [("2021-12-21", ["to_come", "in_force"]), ("2022-02-18", None)])
def test_a_version_says_whether_it_rules_or_was_replaced(reader, on, states):
    shown = get(reader, "periksa/", on=on, unit="53").json()["versions"]

    assert [it["state"] for it in shown] == (states or ["in_force", "superseded"])


@pytest.mark.requirement("R-ALL-1")
def test_a_version_has_everything_that_stands_on_the_page_of_an_sop(reader):
    answer = get(reader, "periksa/versions/2/").json()

    assert answer["title"].startswith("Laporan terkait Display APP Tertera “PERIKSA”")
    assert (answer["dated_on"], answer["revision"]) == ("2022-02-18", "Rev1")
    assert (answer["origin"], answer["valid_from"], answer["valid_until"]) == (
        "CSO PLN 123",
        "2021-12-22",
        None,
    )
    assert (answer["status"], answer["state"]) == ("PUBLISHED", "in_force")
    assert {it["unit"]["code"]: it["effective_from"] for it in answer["regions"]} == {
        "54": "2021-12-22",
        "56": "2021-12-22",
        "53": "2022-02-18",
        "52": "2022-02-18",
    }
    assert "Salam Pembuka." in answer["text"]
    assert "periksa" in [it["slug"] for it in answer["procedures"] if it["is_entry"]]


@pytest.mark.requirement("R-ALL-1")
def test_the_fragment_of_a_version_carries_the_header_of_every_sop(reader):
    answer = reader.get(f"{BASE}periksa/versions/2/", headers={"Accept": "text/html"})

    assert "STANDAR OPERASIONAL PROSEDUR CSO PLN 123" in answer.content.decode()


@pytest.mark.parametrize("path", ["periksa/versions/99/", "tidak-ada/", "periksa/versions/2/diff/9/"])
def test_what_does_not_exist_is_404(reader, path):
    assert get(reader, path).status_code == 404


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[klik](javascript:alert(1))",
        "![x](https://example.com/x.png)",
        '<img src=x onerror="alert(1)">',
        "<style>*{display:none}</style>",
    ],
)
def test_markdown_never_becomes_active(hostile):
    html = as_html(f"teks {hostile}")

    assert not any(it in html for it in ("<script", "<img", "<style", 'href="javascript'))


# --- Differences ----------------------------------------------------------------------------------


def test_two_versions_differ_by_words_steps_and_outcomes(reader):
    answer = get(reader, "periksa/versions/1/diff/2/").json()

    assert (answer["old"], answer["new"], answer["is_empty"]) == ("periksa@1", "periksa@2", False)
    changed = {it["slug"]: it for it in answer["procedures"]}
    assert changed["konfirmasi-dahulu"]["kind"] == "added"
    outcomes = {it["name"]: it["kind"] for it in changed["periksa"]["outcomes"]}
    assert outcomes["lapor_diagnosis_padam"] == "added"
    listrik = next(it for it in changed["periksa"]["steps"] if it["name"] == "listrik")
    assert listrik["kind"] == "changed"
    assert any("→ layar" in part["new"] for part in listrik["parts"])


def test_a_version_does_not_differ_from_itself(reader):
    assert get(reader, "periksa/versions/2/diff/2/").json()["is_empty"] is True


def test_texts_are_compared_word_by_word():
    pieces = compare_texts("sama\nTMP 3 Jam dari lapor\nakhir\n", "sama\nTMP 4 Jam dari lapor\nakhir\n")

    assert [(it.kind, it.text) for it in pieces] == [
        ("same", "sama\nTMP "),
        ("removed", "3"),
        ("added", "4"),
        ("same", " Jam dari lapor\nakhir\n"),
    ]


@pytest.mark.parametrize(("old", "new"), [("", ""), ("", "a"), ("a\n", ""), ("a b\n" * 4000, "c d\n" * 4000)])
def test_a_comparison_holds_all_of_both_texts(old, new):
    pieces = compare_texts(old, new)

    assert "".join(it.text for it in pieces if it.kind != "added") == old
    assert "".join(it.text for it in pieces if it.kind != "removed") == new


# --- Acknowledgements -----------------------------------------------------------------------------


def test_an_agent_acknowledges_once_and_it_stays(reader, agent):
    first = reader.post(f"{BASE}periksa/versions/2/acknowledge/").json()
    second = reader.post(f"{BASE}periksa/versions/2/acknowledge/").json()

    assert first["acknowledged_at"] == second["acknowledged_at"]
    assert get(reader, "periksa/versions/2/").json()["acknowledged_at"] == first["acknowledged_at"]
    made = Acknowledgement.objects.get(reader=agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Acknowledgement.objects.filter(pk=made.pk)._raw_delete("default")


def test_what_changed_since_the_version_one_knows_comes_first(reader):
    assert get(reader, "periksa/versions/2/").json()["changes"] is None

    reader.post(f"{BASE}periksa/versions/1/acknowledge/")

    assert get(reader, "periksa/versions/2/").json()["changes"]["old"] == "periksa@1"
    shown = reader.get(f"{BASE}periksa/versions/2/", headers={"Accept": "text/html"}).content.decode()
    assert shown.index("whats-new") < shown.index("sop-text")
    reader.post(f"{BASE}periksa/versions/2/acknowledge/")
    assert get(reader, "periksa/versions/2/").json()["changes"] is None


def test_a_draft_is_not_acknowledged(api, sop_author, draft):
    version = draft()

    answer = api(sop_author).post(f"{BASE}{version.document.slug}/versions/1/acknowledge/")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_published")
    assert not Acknowledgement.objects.exists()


def test_supervisors_see_those_of_their_reach_who_have_not_read(agent, supervisor, appoint):
    elsewhere = appoint("agent_bandung", Role.CSO, "UP3 Bandung")
    regional = appoint("supervisor_jakarta", Role.SUPERVISOR, "UID Jakarta Raya")
    near = appoint("agent_menteng", Role.CSO, "UP3 Menteng")
    version = SopVersion.objects.get(document__slug="periksa", number=2)
    now = timezone.now()
    reading.acknowledge(version=version, by=near, at=now)

    def names(who):
        found = reading.readers_of(version=version, supervisor=who, at=now)
        return [(it.position.holder.username, it.read_at is not None) for it in found]

    assert {name for name, _read in names(supervisor)} >= {"agent", elsewhere.username, near.username}
    assert names(regional) == [("supervisor_jakarta", False), ("agent_menteng", True)]


def test_what_one_has_not_read_begins_with_what_demands_it(agent):
    SopDocument.objects.filter(slug="periksa").update(demands_acknowledgement=True)

    unread = reading.unread_by(reader=agent, on=timezone.localdate())
    reading.acknowledge(version=unread[0], by=agent, at=timezone.now())

    assert unread[0].document.slug == "periksa"
    assert unread[0] not in reading.unread_by(reader=agent, on=timezone.localdate())


# --- Files ----------------------------------------------------------------------------------------


@pytest.fixture
def draft(sop_author, unit, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def make():
        now, pusat = timezone.now(), unit("PLN Pusat")
        document = documents.create_document(
            slug="contoh", title="Contoh", owner_unit=pusat, by=sop_author, at=now
        )
        version = documents.draft_version(document=document, by=sop_author, at=now, text="Isi")
        regions = [Region(pusat, version.valid_from)]
        documents.set_regions(version=version, regions=regions, by=sop_author, at=now)
        documents.save_procedure(version=version, source=PADAM, by=sop_author, at=now)
        return version

    return make


def picture(kind):
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, kind)
    return file.getvalue()


def archive(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


WORD = ("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("content", "name", "kept_as"),
    [
        (b"%PDF-1.4 x", "a.pdf", ("a.pdf", "application/pdf")),
        (b"%PDF-1.4 x", "../../etc/pass<wd>.html", ("pass_wd.pdf", "application/pdf")),
        (picture("PNG"), "gambar.PDF", ("gambar.png", "image/png")),
        (picture("JPEG"), "..", ("lampiran.jpg", "image/jpeg")),
        (archive(*WORD), "surat.docx", ("surat.docx", attachments.DOCX)),
    ],
)
def test_a_file_is_kept_as_what_it_is(draft, sop_author, content, name, kept_as):
    file = SimpleUploadedFile("x", content)

    made = attachments.add_attachment(version=draft(), file=file, name=name, by=sop_author, at=timezone.now())

    assert (made.file_name, made.content_type) == kept_as


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\x00",
        archive("a.txt"),
        archive(*WORD, "word/vbaProject.bin"),
        b"PK\x03\x04 broken",
        picture("PNG")[:30],
        picture("BMP"),
    ],
)
def test_what_is_no_document_or_picture_is_refused(draft, sop_author, content):
    version = draft()

    with pytest.raises(attachments.BadFile):
        attachments.add_attachment(
            version=version,
            file=SimpleUploadedFile("x", content),
            name="a.pdf",
            by=sop_author,
            at=timezone.now(),
        )

    assert not version.attachments.exists()


def test_a_file_that_is_too_large_is_refused(draft, sop_author, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_BYTES", 10)
    file = SimpleUploadedFile("x", b"%PDF-1.4 0123456789")

    with pytest.raises(DomainError) as refusal:
        attachments.add_attachment(version=draft(), file=file, name="a.pdf", by=sop_author, at=timezone.now())

    assert refusal.value.code == "too_large"


def test_a_file_is_served_as_a_download_to_those_who_may_see_it(reader, api, draft, sop_author, sop_approver):
    version, now = draft(), timezone.now()
    file = SimpleUploadedFile("x", b"%PDF-1.4 x")
    made = attachments.add_attachment(version=version, file=file, name="a.pdf", by=sop_author, at=now)
    path = f"contoh/versions/1/attachments/{made.pk}/"
    assert get(reader, path).status_code == 404

    publishing.submit_version(version=version, by=sop_author, at=now)
    publishing.publish_version(version=version, by=sop_approver, at=now)
    answer = get(reader, path)

    assert b"".join(answer.streaming_content) == b"%PDF-1.4 x"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with pytest.raises(DomainError):
        attachments.remove_attachment(attachment=made, by=sop_author, at=now)


def test_a_moment_of_acknowledgement_is_that_of_the_clock(agent):
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=1)
    version = SopVersion.objects.get(document__slug="periksa", number=1)
    agent.positions.update(starts_at=at - timedelta(days=1))

    assert reading.acknowledge(version=version, by=agent, at=at).at == at
