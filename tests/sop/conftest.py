"""A small made-up SOP, published, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rest_framework.test import APIClient

from customers.models import Customer, Meter, Tariff
from sop.models import Procedure, SopDocument, SopRegion, SopVersion
from sop.services import library, reading
from tickets.models import ProblemType
from units.models import Area, Unit, User

from .periksa import GAMBIR, IDPEL, METER
from .walking import Desk

JAKARTA = ZoneInfo("Asia/Jakarta")
TODAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=JAKARTA)

PADAM = dedent(
    """
    slug: padam
    title: Laporan padam
    keywords: [listrik mati]
    start: salam
    steps:
      salam:
        number: 1
        title: Salam Pembuka.
        kind: say
        say: “PLN 123 selamat Pagi/Siang/Sore/Malam, dengan (..... Nama CSO) bisa dibantu?”
        next: nama
      nama:
        kind: collect
        say: “Mohon maaf, dengan {Bapak / Ibu} siapa saya berbicara?”
        fields:
          - {name: nama, type: name, label: Nama penelepon}
          - name: sapaan
            type: choice
            label: Sapaan
            choices: [{value: ibu, label: Ibu}, {value: bapak, label: Bapak}]
        next: listrik
      listrik:
        number: 3
        kind: choose
        say: “... Baik {Bapak/Ibu} {Nama Penelepon} ... saat ini listriknya Padam atau masih menyala ? ...”
        internal: rahasia dapur
        choices:
          - {value: padam, label: Sudah Padam, next: jenis}
          - {value: menyala, label: Masih Menyala, next: tutup}
      jenis:
        kind: check
        check: caller_number_kind
        answers: {PSTN: hp, MOBILE: lokasi, tidak_ada: hp}
      hp:
        kind: collect
        say: “Bisa dibantu nomor handphone yang dapat dihubungi?”
        fields: [{name: hp, type: phone, label: Nomor HP}]
        next: lokasi
      lokasi:
        kind: collect
        fields: [{name: area, type: area, label: Wilayah}]
        next: lapor
      lapor:
        kind: outcome
        outcome: GANGGUAN_AUTODISPATCH
        template:
          type: tetangga-tidak-turut-padam
          problem: 1 RUMAH PADAM ({jawaban.listrik})
          notes: ["{kalimat_hubungi}", Dilaporkan oleh CSO]
        next: nomor
      nomor:
        kind: say
        say: Nomornya {nomor_laporan}
        next: end
      tutup:
        kind: outcome
        outcome: ISSUE_CLOSED
        template: {type: issue-closed, problem: LISTRIK MASIH MENYALA}
    """
)


def ruling(document: SopDocument, unit: Unit, on: date) -> SopVersion | None:
    """The version of `document` that rules at `unit` on that day."""
    return reading.versions_in_force(unit=unit, on=on).get(document.pk)


@pytest.fixture
def problem_types(db: None) -> None:
    for code, tab in (
        ("tetangga-tidak-turut-padam", "GANGGUAN"),
        ("issue-closed", "GANGGUAN"),
        ("keluhan", "KELUHAN"),
    ):
        ProblemType.objects.get_or_create(code=code, defaults={"tab": tab, "name": code.title()})


@pytest.fixture
def publish(problem_types: None) -> Callable[..., SopVersion]:
    """A published version of the document `slug` with procedures from YAML, in force at the units named."""

    def make(
        *sources: str,
        slug: str = "contoh",
        number: int = 1,
        at: tuple[str, ...] = ("PLN Pusat",),
        valid_from: date = date(2020, 1, 1),
        **fields: object,
    ) -> SopVersion:
        pusat = Unit.objects.get(name="PLN Pusat")
        document, _ = SopDocument.objects.get_or_create(
            slug=slug, defaults={"title": slug, "owner_unit": pusat}
        )
        version = SopVersion.objects.create(
            document=document, number=number, title=slug, dated_on=valid_from, valid_from=valid_from, **fields
        )
        for name in at:
            unit = Unit.objects.get(name=name)
            SopRegion.objects.create(version=version, unit=unit, effective_from=valid_from)
        for source in sources:
            compiled = library.write_procedure(version=version, source=source)
            assert compiled.problems == ()
        SopVersion.objects.filter(pk=version.pk).update(status="PUBLISHED", published_at=MORNING, digest="x")
        return SopVersion.objects.get(pk=version.pk)

    return make


@pytest.fixture
def padam(publish: Callable[..., SopVersion]) -> Procedure:
    return publish(PADAM).procedures.get()


@pytest.fixture
def desk(api: Callable[..., APIClient], agent: User) -> Desk:
    """The agent at the telephone, with the SOPs that come with the portal."""
    return Desk(api(agent))


@pytest.fixture
def household(db: None) -> Callable[..., Customer]:
    """A prabayar household with its meter, in Gambir unless another place is named."""

    def make(*, area: str = GAMBIR, at: str = "ULP Gambir", **fields: Any) -> Customer:
        given = {"idpel": IDPEL, "name": "Pelanggan Uji", "street": "Jl. Kenanga", "product": "PRABAYAR"}
        made = Customer.objects.create(
            area=Area.objects.get(pk=area),
            unit=Unit.objects.get(name=at),
            tariff=Tariff.objects.get(code="R1"),
            **given | {"power_va": 900, "phase": 1} | fields,
        )
        Meter.objects.create(number=METER, customer=made, installed_on=date(2018, 1, 1))
        return made

    return make


@pytest.fixture
def makassar(db: None) -> Unit:
    """An UP3 in a region where self-diagnosis is not used."""
    above = Unit.objects.get(code="32")
    given = {"kind": "UP3", "parent": above, "time_zone": above.time_zone}
    up3 = Unit.objects.create(code="32001", name="UP3 Makassar Uji", path=f"{above.path}new/", **given)
    up3.path = f"{above.path}{up3.pk}/"
    up3.save()
    return up3
