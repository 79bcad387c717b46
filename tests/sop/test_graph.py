"""Linked procedures: what is wrong with them, every path through them, how they differ, how they look."""

import re
from collections.abc import Iterator
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop import checks, drawing
from sop.rules import analysis
from sop.rules.compiler import END, Vocabulary, compile_procedure
from sop.rules.graph import Graph, Unlinkable, link
from sop.rules.paths import compare, list_paths, result, walk_paths
from sop.rules.walk import ANSWERED, CHECKED, Move, OffTheMap, Walk

NAMES = Vocabulary(
    checks=checks.SPECS,
    procedures=frozenset({"a", "b", "c"}),
    problem_types={"padam": "GANGGUAN", "info": "KELUHAN"},
)


def done(source: str) -> dict:
    compiled = compile_procedure(dedent(source), NAMES)
    assert compiled.problems == ()
    return compiled.data


def graph(source: str, *others: str, addenda: tuple[str, ...] = ()) -> Graph:
    library = {it["slug"]: it for it in map(done, others)}
    return link(done(source), library, [done(it) for it in addenda])


def messages(linked: Graph) -> list[tuple[str, str]]:
    return [(it.step, it.message) for it in analysis.problems(linked)]


def small(*steps: str, slug: str = "a", extra: str = "") -> str:
    return f"slug: {slug}\ntitle: A\n{extra}start: s\nsteps:\n" + "".join(f"  {step}\n" for step in steps)


def choose(name: str, x: str, y: str) -> str:
    choices = f"[{{value: x, label: X, next: {x}}}, {{value: y, label: Y, next: {y}}}]"
    return f"{name}: {{kind: choose, choices: {choices}}}"


E = "e: {kind: outcome, outcome: CALL_BACK}"


# --- What is wrong --------------------------------------------------------------------------------


def test_a_path_without_an_outcome_is_a_fault():
    linked = graph(small(choose("s", "e", "end"), E))

    assert [step for step, _message in messages(linked)] == ["s"]


def test_two_outcomes_on_one_path_are_a_fault():
    linked = graph(small("s: {kind: outcome, outcome: CALL_BACK, next: e}", E))

    assert [step for step, _message in messages(linked)] == ["e"]


def test_a_loop_without_a_way_out_is_a_fault():
    linked = graph(small(choose("s", "t", "e"), "t: {kind: say, say: t, next: t}", E))

    assert [step for step, _message in messages(linked)] == ["t"]


def test_a_loop_with_a_way_out_is_none():
    linked = graph(small("s: {kind: say, say: s, next: t}", choose("t", "s", "e"), E))

    assert messages(linked) == []


def test_answers_that_are_possible_must_lead_on_and_others_need_not():
    steps = (
        "s: {kind: choose, choices: [{value: x, label: X, next: t}, {value: y, label: Y, next: e}]}",
        "t: {kind: check, check: answer_of, args: {step: s}, answers: {%s}}",
        E,
    )
    assert messages(graph(small(*steps) % "x: e")) == []
    assert [it for it, _m in messages(graph(small(*steps) % "y: e"))] == ["t"]
    assert [it for it, _m in messages(graph(small(*steps) % "x: e, z: e"))] == ["t"]


def test_a_question_that_a_path_may_not_pass_can_be_unanswered():
    source = small(
        "s: {kind: choose, choices: [{value: x, label: X, next: q}, {value: y, label: Y, next: t}]}",
        "q: {kind: choose, choices: [{value: p, label: P, next: t}, {value: r, label: R, next: t}]}",
        "t: {kind: check, check: answer_of, args: {step: q}, answers: {p: e, r: e%s}}",
        E,
    )
    assert [it for it, _m in messages(graph(source % ""))] == ["t"]
    assert messages(graph(source % ", belum_ditanya: e")) == []


@pytest.mark.parametrize(
    ("field", "required", "answers", "is_sound"),
    [
        ("{name: f, type: yes_no, label: F}", "", "ya: e, tidak: e", True),
        ("{name: f, type: yes_no, label: F}", "", "ya: e", False),
        ("{name: f, type: yes_no, label: F, required: false}", "", "ya: e, tidak: e", False),
        ("{name: f, type: yes_no, label: F, required: false}", "", "ya: e, tidak: e, kosong: e", True),
        ("{name: f, type: product, label: F}", "", "PASCABAYAR: e, PRABAYAR: e", True),
        ("{name: f, type: product, label: F}", "", "PASCABAYAR: e, PRABAYAR: e, lain: e", False),
    ],
)
def test_a_fields_values_must_lead_on(field, required, answers, is_sound):
    source = small(
        f"s: {{kind: collect, fields: [{field}], next: t}}",
        f"t: {{kind: check, check: field_value, args: {{field: f}}, answers: {{{answers}}}}}",
        E,
    )

    assert (messages(graph(source)) == []) is is_sound


def test_readings_that_may_be_missing_keep_a_self_diagnosis_from_being_sent():
    reading = "{name: r%s, type: reading, label: R, code: '%s'}"
    codes = ("08", "70", "71", "41", "44", "45", "46", "37", "47")
    source = small(
        "s: {kind: collect, fields: [%s], next: e}",
        "e: {kind: outcome, outcome: KWH_PERIKSA, template: {type: padam, problem: x}}",
    )
    nine = ", ".join(reading % (code, code) for code in codes)
    eight = ", ".join(reading % (code, code) for code in codes[:-1])

    assert messages(graph(source % nine)) == []
    assert "47" in messages(graph(source % eight))[0][1]


def test_a_report_number_is_not_named_before_there_is_one():
    linked = graph(small("s: {kind: say, say: 'Nomor {nomor_laporan}', next: e}", E))

    assert [step for step, _message in messages(linked)] == ["s"]


# --- Called procedures and addenda ----------------------------------------------------------------


def test_a_called_procedure_stands_in_the_place_of_the_call():
    outer = small("s: {kind: call, procedure: b, next: e}", E)
    inner = small("s: {kind: say, say: s, next: return}", slug="b", extra="entry: false\n")

    linked = graph(outer, inner)

    assert linked.start == "s/s"
    assert linked["s/s"].exits[0].target == "e"
    assert messages(linked) == []


def test_calls_in_a_circle_and_calls_without_a_way_back_are_refused():
    call_b = small("s: {kind: call, procedure: b, next: e}", E)
    b_calls_c = small("s: {kind: call, procedure: c, next: return}", slug="b", extra="entry: false\n")
    c_calls_b = small("s: {kind: call, procedure: b, next: return}", slug="c", extra="entry: false\n")
    returns = small("s: {kind: say, say: s, next: return}", slug="b", extra="entry: false\n")
    no_next = small("s: {kind: call, procedure: b}")

    with pytest.raises(Unlinkable):
        graph(call_b, b_calls_c, c_calls_b)
    with pytest.raises(Unlinkable):
        graph(no_next, returns)
    with pytest.raises(Unlinkable):
        graph(call_b)


def test_a_loop_through_a_call_finds_its_way_back_into_it():
    outer = small("s: {kind: call, procedure: b, next: t}", choose("t", "s", "e"), E)
    inner = small("s: {kind: say, say: s, next: return}", slug="b", extra="entry: false\n")

    linked = graph(outer, inner)

    assert linked["t"].exit_for("x") == "s/s"
    assert messages(linked) == []


def addendum(slug: str) -> str:
    return small("s: {kind: say, say: s, next: return}", slug=slug, extra="before: [CALL_BACK]\n")


def test_addenda_follow_each_other_before_every_outcome_of_their_kind_and_no_other():
    outer = small(
        choose("s", "e", "o"),
        E,
        "o: {kind: outcome, outcome: ISSUE_CLOSED, template: {type: info, problem: x}}",
    )

    linked = graph(outer, addenda=(addendum("b"), addendum("c")))

    assert [path.moves for path in walk_paths(linked)] == [
        (("s", "x"), ("e+b/s", ""), ("e+c/s", ""), ("e", "")),
        (("s", "y"), ("o", "")),
    ]


# --- Paths ----------------------------------------------------------------------------------------


def test_a_path_keeps_to_what_was_answered_before():
    linked = graph(
        small(
            choose("s", "t", "t"),
            "t: {kind: check, check: answer_of, args: {step: s}, answers: {x: e, y: o}}",
            E,
            "o: {kind: outcome, outcome: ISSUE_CLOSED, template: {type: info, problem: x}}",
        )
    )

    assert {(path.moves[0][1], result(linked, path)[0]) for path in walk_paths(linked)} == {
        ("x", "CALL_BACK"),
        ("y", "ISSUE_CLOSED"),
    }


def test_a_check_answers_the_same_twice_on_a_path():
    known = "{kind: check, check: caller_known, answers: {ya: %s, tidak: %s}}"
    linked = graph(small(f"s: {known % ('t', 't')}", f"t: {known % ('e', 'e')}", E))

    assert [path.decisions(linked) for path in walk_paths(linked)] == [
        (("s", "ya"), ("t", "ya")),
        (("s", "tidak"), ("t", "tidak")),
    ]


def test_a_loop_is_taken_once_more_and_then_cut():
    linked = graph(small(choose("s", "s", "e"), E))

    assert [[answer for _at, answer in path.moves] for path in walk_paths(linked)] == [
        ["x", "y", ""],
        ["y", ""],
    ]


def test_a_listing_says_when_it_is_not_complete():
    steps = [choose(f"s{i}", f"s{i + 1}", f"s{i + 1}") for i in range(12)]
    source = small(*steps, "s12: {kind: outcome, outcome: CALL_BACK}").replace("start: s\n", "start: s0\n")
    linked = graph(source)

    assert list_paths(linked).is_complete
    assert len(list_paths(linked).paths) == 2**12
    assert not list_paths(linked, limit=100).is_complete


def test_a_comparison_names_what_changed_in_paths_and_steps():
    old = graph(small(choose("s", "e", "t"), "t: {kind: say, say: t, next: e}", E))
    new = graph(
        small(
            choose("s", "o", "e"),
            E,
            "o: {kind: outcome, outcome: ISSUE_CLOSED, template: {type: info, problem: x}}",
        )
    )

    found = compare(old, new)

    assert [(it.decisions, it.before[0], it.after[0]) for it in found.paths_changed] == [
        ((("s", "x"),), "CALL_BACK", "ISSUE_CLOSED")
    ]
    assert (found.paths_added, found.paths_removed) == ((), ())
    assert (found.steps_added, found.steps_removed) == (("o",), ("t",))
    assert found.steps_changed == ("s",)
    assert compare(old, old).is_empty


# --- Graphs of every shape ------------------------------------------------------------------------


@st.composite
def any_graph(draw) -> Graph:
    """A made-up procedure of up to eight steps: texts, questions, outcomes, leading anywhere."""
    size = draw(st.integers(1, 8))
    names = [f"s{index}" for index in range(size)]
    anywhere = st.sampled_from([*names, "end"])
    steps = {}
    for name in names:
        kind = draw(st.sampled_from(["say", "choose", "outcome"]))
        if kind == "say":
            steps[name] = {"kind": "say", "say": name, "next": draw(anywhere), "line": 1}
        elif kind == "outcome":
            steps[name] = {"kind": "outcome", "outcome": "CALL_BACK", "next": draw(anywhere), "line": 1}
        else:
            choices = [{"value": v, "label": v, "next": draw(anywhere)} for v in ("x", "y")]
            steps[name] = {"kind": "choose", "choices": choices, "line": 1}
    return link({"slug": "a", "start": "s0", "steps": steps, "before": []}, {})


def brute_walks(linked: Graph, length: int) -> Iterator[tuple[list[str], bool]]:
    """Every walk of at most `length` steps from the start, and whether it ended."""

    def go(address: str, walked: list[str]) -> Iterator[tuple[list[str], bool]]:
        if address == END or len(walked) == length:
            yield walked, address == END
            return
        for way in linked[address].exits:
            yield from go(way.target, [*walked, address])

    yield from go(linked.start, [])


@settings(max_examples=150, deadline=None)
@given(any_graph())
def test_the_analysis_agrees_with_walking_every_way(linked):
    found = analysis.problems(linked)
    reached, without_outcome, twice = {linked.start}, set(), set()
    for walked, ended in brute_walks(linked, 2 * len(linked.steps)):
        outcomes = [at for at in walked if linked[at].kind == "outcome"]
        reached |= set(walked)
        if ended and not outcomes:
            without_outcome.add(walked[-1])
        twice |= set(outcomes[1:])

    no_outcome = {it.step for it in found if it.code == "no_outcome"}
    second = {it.step for it in found if it.code == "second_outcome"}
    assert without_outcome <= no_outcome <= reached
    assert twice == second


@settings(max_examples=150, deadline=None)
@given(any_graph())
def test_every_path_walks_to_the_end_and_every_end_is_listed(linked):
    paths = list_paths(linked, limit=5000)
    if not paths.is_complete:
        return
    for path in paths.paths:
        walk = Walk(linked)
        for address, answer in path.moves:
            walk.add(Move(CHECKED if linked[address].kind == "check" else ANSWERED, address, answer))
        assert walk.is_over
    short = {
        tuple(walked)
        for walked, ended in brute_walks(linked, 8)
        if ended and all(walked.count(at) <= 2 for at in walked)
    }
    assert short <= {tuple(at for at, _answer in path.moves) for path in paths.paths}


@settings(max_examples=100, deadline=None)
@given(any_graph())
def test_every_reachable_step_is_drawn_once_and_no_two_boxes_overlap(linked):
    drawn = drawing.draw(linked)
    reached = {linked.start} | {at for walked, _ended in brute_walks(linked, 9) for at in walked}

    places = [(box.x, box.y) for box in drawn.boxes]
    assert reached <= {box.address for box in drawn.boxes}
    assert len(set(places)) == len(places)
    assert all(box.x >= 0 and box.x + drawing.WIDTH <= drawn.width for box in drawn.boxes)
    forward = [line for line in drawn.lines if not line.is_back]
    assert len(forward) + sum(line.is_back for line in drawn.lines) == sum(
        len(linked[box.address].exits) for box in drawn.boxes if box.address != END
    )


@settings(max_examples=100, deadline=None)
@given(any_graph())
def test_no_line_runs_through_a_box(linked):
    drawn = drawing.draw(linked)
    inside = [(it.x, it.x + drawing.WIDTH, it.y, it.y + drawing.HEIGHT) for it in drawn.boxes]

    for line in drawn.lines:
        for x, y1, y2 in straight(line.path):
            assert not any(
                left < x < right and y1 < bottom and top < y2 for left, right, top, bottom in inside
            )


def straight(path):
    """The upright parts of a path: x, and the heights between which it runs."""
    x, y, found = 0, 0, []
    for kind, numbers in re.findall(r"([MHVC])([-\d ]+)", path):
        values = [int(it) for it in numbers.split()]
        if kind == "V":
            found.append((x, *sorted((y, values[0]))))
            y = values[0]
        elif kind == "H":
            x = values[0]
        else:
            x, y = values[-2:]
    return found


def test_a_walk_refuses_rows_that_do_not_follow_the_procedure():
    linked = graph(small(choose("s", "e", "e"), E))

    for wrong in (Move(ANSWERED, "e"), Move(ANSWERED, "s", "z"), Move("BACK", "s")):
        with pytest.raises(OffTheMap):
            Walk(linked, [wrong])
