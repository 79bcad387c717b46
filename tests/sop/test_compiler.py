"""What is wrong with a procedure, and on which line."""

import json
import re
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
from django.conf import settings

from sop import checks
from sop.rules.compiler import SCHEMA, Vocabulary, compile_procedure
from sop.rules.text import greeting, render

KNOWN = Vocabulary(
    checks=checks.SPECS,
    procedures=frozenset({"lain"}),
    values=frozenset({"ada"}),
    problem_types={"info": "KELUHAN", "padam": "GANGGUAN"},
)
GOOD = dedent(
    """
    slug: contoh
    title: Contoh
    start: satu
    steps:
      satu:
        kind: say
        say: Halo {Bapak/Ibu}
        next: dua
      dua:
        kind: outcome
        outcome: CALL_BACK
    """
).strip()


def problems(source, known=KNOWN):
    return [(it.line, it.message) for it in compile_procedure(dedent(source), known).problems]


def test_a_sound_procedure_compiles_with_the_lines_of_its_steps():
    done = compile_procedure(GOOD, KNOWN)

    assert done.is_sound
    assert {name: step["line"] for name, step in done.data["steps"].items()} == {"satu": 5, "dua": 9}
    assert (done.data["entry"], done.data["before"], done.data["keywords"]) == (True, [], [])


def test_the_example_of_the_documentation_compiles():
    text = (settings.BASE_DIR / "docs" / "procedures.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(slug:.*?)```", text, re.DOTALL)[1]
    known = Vocabulary(checks=checks.SPECS, problem_types={"tetangga-tidak-turut-padam": "GANGGUAN"})

    assert problems(example, known) == []


def test_the_documentation_names_every_check_with_its_answers():
    text = (
        (settings.BASE_DIR / "docs" / "procedures.md").read_text(encoding="utf-8").partition("## Checks")[2]
    )

    for name, spec in checks.SPECS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert all(f"`{word}`" in row for word in (*spec.answers, *spec.arguments))


def test_the_schema_is_a_valid_json_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    path = Path(settings.BASE_DIR, "sop", "schema", "procedure.schema.json")
    assert json.loads(path.read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("next: dua", "next: tiga", 8),
        ("start: satu", "start: nol", 3),
        ("say: Halo {Bapak/Ibu}", "say: Halo {siapa}", 7),
        ("say: Halo {Bapak/Ibu}", "say: Halo {nilai.tidak-ada}", 7),
        ("say: Halo {Bapak/Ibu}", "say: Halo {isian.tidak_ada}", 7),
        ("say: Halo {Bapak/Ibu}", "say: Halo {jawaban.nol}", 7),
        ("kind: say", "kind: sag", 6),
        ("kind: say", "kind: say\n    salah: 1", 7),
        ("next: dua", "", 5),
        ("next: dua", "next: return", 8),
        ("next: dua", "fill: {Nol: '{nama}'}\n    next: dua", 8),
        ("outcome: CALL_BACK", "outcome: HILANG", 11),
        ("outcome: CALL_BACK", "outcome: ISSUE_CLOSED", 11),
        ("outcome: CALL_BACK", "outcome: KELUHAN_TO_UNIT\n    template: {type: padam, problem: x}", 12),
        ("outcome: CALL_BACK", "outcome: ISSUE_CLOSED\n    template: {type: nol, problem: x}", 12),
        ("outcome: CALL_BACK", "outcome: CALL_BACK\n    template:\n      problem: x", 13),
        ("outcome: CALL_BACK", "outcome: CALL_BACK\n  tiga:\n    kind: outcome\n    outcome: CALL_BACK", 12),
        ("title: Contoh", "title: Contoh\nbefore: [AP2T]\nentry: true", 4),
        ("slug: contoh", "slug: Contoh Satu", 1),
    ],
)
def test_a_fault_is_reported_on_its_line(before, after, line):
    found = problems(GOOD.replace(before, after))

    assert line in [at for at, _message in found]


FIELD = """\
slug: contoh
title: Contoh
start: isi
steps:
  isi:
    kind: collect
    fields:
      - {name: jenis, type: text, label: Jenis, suggest: ada}
    next: selesai
  selesai: {kind: outcome, outcome: AP2T, template: {transaction: PB, product: other}}
"""


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("suggest: ada", "suggest: hilang", 8),
        ("type: text", "type: phone", 8),
        ("product: other", "product: PRABAYAR", 10),
        ("outcome: AP2T", "outcome: CALL_BACK", 10),
    ],
)
def test_a_suggestion_is_a_value_that_people_maintain_and_only_ap2t_names_a_product(before, after, line):
    known = replace(KNOWN, values=frozenset({"ada"}))
    assert problems(FIELD, known) == []

    assert line in [at for at, _message in problems(FIELD.replace(before, after), known)]


CHECK = """\
slug: contoh
title: Contoh
start: cek
steps:
  cek:
    kind: check
    check: caller_known
    answers: {ya: selesai, tidak: selesai}
  selesai: {kind: outcome, outcome: CALL_BACK}
"""


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("caller_known", "ramalan", 7),
        (", tidak: selesai", "", 8),
        (", tidak: selesai", ", tidak: selesai, mungkin: selesai", 8),
        ("check: caller_known", "check: caller_known\n    args: {kapan: 1}", 8),
        ("check: caller_known", "check: sop_in_force", 7),
    ],
)
def test_a_check_is_known_gets_its_arguments_and_leads_on_from_every_answer(before, after, line):
    assert problems(CHECK) == []
    assert line in [at for at, _message in problems(CHECK.replace(before, after))]


FIELDS = """\
slug: contoh
title: Contoh
start: isi
steps:
  isi:
    kind: collect
    fields:
      - {name: hp, type: phone, label: HP}
    next: selesai
  selesai: {kind: outcome, outcome: CALL_BACK}
"""


@pytest.mark.parametrize(
    "after",
    [
        "{name: hp, type: text, label: HP}",
        "{name: hp, type: telepati, label: HP}",
        "{name: baca, type: reading, label: Baca}",
        "{name: baca, type: reading, label: Baca, code: '99'}",
        "{name: pilih, type: choice, label: Pilih}",
        "{name: hp, type: phone}",
    ],
)
def test_a_field_has_its_type_and_what_the_type_needs(after):
    assert problems(FIELDS) == []
    assert problems(FIELDS.replace("{name: hp, type: phone, label: HP}", after))[0][0] in (7, 8)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a: [", 1),
        ("a: &x 1\nb: *x", 1),
        ("a: 1\nb: 2\na: 3", 3),
        ("a: {b: {c: {d: {e: {f: {g: {h: {i: {j: {k: {l: {m: 1}}}}}}}}}}}}", 1),
        ("? [x]\n: 1", 1),
        ("--- 1\n--- 2", 2),
        ("- 1", 1),
        ("", 1),
        ("x" * 400_000, 1),
        ("a: !!python/object/apply:os.system [ls]", 1),
    ],
)
def test_what_is_no_procedure_at_all_is_refused_with_its_line(source, line):
    assert problems(source)[0][0] == line


def test_words_that_yaml_turns_into_truth_stay_words():
    source = GOOD.replace("kind: say\n", "kind: choose\n").replace(
        "    next: dua\n",
        "    choices:\n"
        "      - {value: yes, label: on, next: dua}\n"
        "      - {value: no, label: 'off', next: dua}\n",
    )

    choices = compile_procedure(source, KNOWN).data["steps"]["satu"]["choices"]

    assert [(it["value"], it["label"]) for it in choices] == [("yes", "on"), ("no", "off")]


# --- Texts ----------------------------------------------------------------------------------------

VALUES = {"nama": "Sri", "sapaan": "Ibu", "waktu": "Pagi", "nama_cso": "Agen", "jalan": "Jl. Kenanga"}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("selamat Pagi/Siang/Sore/Malam, dengan (..... Nama CSO)", "selamat Pagi, dengan Agen"),
        ("selamat {(Pagi/Siang/Sore/Malam)} {Bapak/Ibu} (Nama Penelepon)", "selamat Pagi Ibu Sri"),
        ("{Bapak / Ibu} {bapak/Ibu} {Bp/Ibu} {Pak/Bu} Bpk/Ibu Bapak/Ibu", "Ibu Ibu Ibu Ibu Ibu Ibu"),
        ("{Nama Penelepon} {nama penelepon} {... nama penelepon ...} {Nama Pelapor}", "Sri Sri Sri Sri"),
        ("Lokasinya di Jl. Melati ya", "Lokasinya di Jl. Kenanga ya"),
        ("nomor {nomor_laporan}", "nomor {nomor_laporan}"),
        ("{{ settings.SECRET_KEY }} {% now %} %(nama)s ${nama}", None),
    ],
)
def test_the_seeds_own_spellings_are_filled_and_nothing_is_evaluated(text, spoken):
    done = render(text, VALUES, {"Jl. Melati": "{jalan}"})

    assert done == (spoken if spoken is not None else text.replace("{nama}", "Sri"))


def test_what_is_filled_in_is_not_filled_again():
    assert render("{nama}", {"nama": "{sapaan}", "sapaan": "Ibu"}) == "{sapaan}"


def test_every_hour_has_its_greeting():
    assert [greeting(hour) for hour in range(24)] == (
        ["Malam"] * 4 + ["Pagi"] * 7 + ["Siang"] * 4 + ["Sore"] * 3 + ["Malam"] * 6
    )
