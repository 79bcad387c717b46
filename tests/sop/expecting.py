"""What an outcome must come to on a path, by the files in `fixtures/` alone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml
from django.conf import settings

from allocation.notices import power_text
from sop.rules.graph import Step
from sop.situation import Situation

FOLDER = settings.BASE_DIR / "fixtures" / "sop"
ADDENDUM = "+pembatasan-akses/"
POWER_STATES = {"padam": "PADAM", "menyala": "MENYALA"}
MONTHS = {3: "Maret", 6: "Juni"}


@cache
def source(document: str, number: int) -> dict[str, dict[str, Any]]:
    """The procedures of a version as their files hold them, by name."""
    described = yaml.safe_load((FOLDER / document / "document.yaml").read_text("utf-8"))
    version = next(it for it in described["versions"] if it["number"] == number)
    read = (yaml.safe_load((FOLDER / document / name).read_text("utf-8")) for name in version["procedures"])
    return {it["slug"]: it for it in read}


@cache
def maintained() -> dict[str, str]:
    rows = yaml.safe_load((FOLDER / "values.yaml").read_text("utf-8"))
    return {f"nilai.{row['key']}": row["default"] for row in rows}


@cache
def problem_types() -> dict[str, dict[str, str]]:
    return _rows("ticket_types.csv")


@cache
def units() -> dict[str, dict[str, str]]:
    return _rows("units.csv")


def _rows(name: str) -> dict[str, dict[str, str]]:
    with (settings.BASE_DIR / "fixtures" / name).open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?")
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; empty where one has no value."""
    if any(not words.get(name) for name in PLACEHOLDER.findall(text)):
        return ""
    return PLACEHOLDER.sub(lambda match: words[match[1]], text)


def spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, str) and (found := DAY.match(value)):
        year, month, day, hour, minute = found.groups()
        return f"{day}/{month}/{year}" + (f" {hour}.{minute}" if hour else "")
    if isinstance(value, Mapping):
        return str(value.get("masked", ""))
    return f"{value:g}" if isinstance(value, float) else str(value or "")


class Expected:
    """What the template of an outcome comes to on the path under way, by the files alone."""

    def __init__(self, situation: Situation, step: Step, procedures: Mapping[str, dict[str, Any]]) -> None:
        self.situation, self.step, self.procedures = situation, step, procedures
        self.collected = situation.walk.collected()
        body = procedures[step.procedure]["steps"][step.name]
        self.kind: str = body["outcome"]
        self.template: dict[str, Any] = body.get("template", {})
        self.words = {
            **maintained(),
            **{f"isian.{name}": spoken(value) for name, value in self.collected.items()},
            "isian.unit": units().get(self.collected.get("unit", ""), {}).get("name", ""),
            **self._facts(),
            **dict(self._labels()),
        }

    def _facts(self) -> dict[str, str]:
        given, on = self.collected, self.situation.on
        ways = [
            word
            for name, word in (("telepon", "Telepon"), ("wa", "WA"), ("sms", "SMS"))
            if given.get(f"hubungi_{name}")
        ]
        joined = " & ".join(filter(None, (", ".join(ways[:-1]), *ways[-1:])))
        found = {name: value for move in self.situation.walk.path for name, value in move.data.items()}
        return {
            "kalimat_hubungi": f"Pelanggan dapat dihubungi via {joined}" if ways else "",
            "jam_konfirmasi": "15.00" if "konfirmasi_pada" in given else "",
            "daya": power_text(int(given["daya"])) if given.get("daya") else "",
            "produk": {"PASCABAYAR": "PASKABAYAR"}.get(given.get("produk", ""), given.get("produk", "")),
            "nama_cso": self.situation.agent.username,
            "tanggal": f"{on.day} {MONTHS[on.month]} {on.year}",
            **{name: str(value) for name, value in found.items()},
        }

    def _labels(self) -> Iterator[tuple[str, str]]:
        """The answers that were chosen, by the name of their step, in the words of the file."""
        for move in self.situation.walk.path:
            step = self.situation.walk.graph[move.step]
            if step.kind == "choose" and step.procedure in self.procedures:
                choices = self.procedures[step.procedure]["steps"][step.name]["choices"]
                label = next(it["label"] for it in choices if it["value"] == move.answer)
                yield f"jawaban.{step.name}", label

    @property
    def answers(self) -> dict[str, str]:
        graph = self.situation.walk.graph
        return {it.step: it.answer for it in self.situation.walk.path if graph[it.step].kind == "choose"}

    @property
    def power_state(self) -> str:
        return next((POWER_STATES[it] for at, it in self.answers.items() if at.endswith("listrik")), "")

    @property
    def problem_type(self) -> dict[str, str]:
        return problem_types()[filled(self.template["type"], self.words)]

    @property
    def problem(self) -> str:
        return filled(self.template["problem"], self.words)

    @property
    def product(self) -> str:
        """The one that was asked for, or the other where the caller has taken that."""
        wanted = self.collected.get("produk") or ""
        if self.template.get("product") == "other":
            return {"PASCABAYAR": "PRABAYAR", "PRABAYAR": "PASCABAYAR"}[wanted]
        return str(wanted)

    @property
    def notes(self) -> list[str]:
        """Those of the template, then those of the addendum, then what the agent noted."""
        own = (filled(note, self.words) for note in self.template.get("notes", ()))
        said = (self.words.get(f"isian.{name}", "") for name in ("konfirmasi_catatan", "catatan"))
        return list(dict.fromkeys(filter(None, (*own, *self._addendum_notes(), *said))))

    def _addendum_notes(self) -> Iterator[str]:
        answer = self.answers.get(f"{self.step.address}{ADDENDUM}akses")
        if answer:
            label = {"ada": "Ada pembatasan akses masuk", "tidak": "Tidak ada"}[answer]
            yield f"Pembatasan akses masuk ke lokasi Pelanggan: {label}"
        if answer == "ada":
            yield "Koordinasi ke RT atau perangkat daerah setempat sudah disarankan: ya"
