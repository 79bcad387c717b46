"""A new procedure is written, checked, tried, approved and run, with nothing but pages."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from sop.models import Call, SopDocument, SopVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PROCEDURE = """slug: contoh-penyambungan
title: Contoh informasi penyambungan
keywords: [contoh penyambungan]
start: salam
steps:
  salam:
    kind: say
    say: “PLN 123 selamat Pagi/Siang/Sore/Malam, dengan (..... Nama CSO) bisa dibantu?”
    next: jelas
  jelas:
    kind: choose
    say: “... Apakah informasi yang saya sampaikan sudah cukup jelas? ...”
    choices:
      - {value: sudah, label: Sudah Jelas, next: selesai}
      - {value: belum, label: Belum Jelas, next: salam}
  selesai:
    kind: outcome
    outcome: CALL_BACK
"""
BROKEN = PROCEDURE.replace("next: jelas", "next: tidak_ada")


def submit(page: Page) -> None:
    """Save the form of the page."""
    page.locator("[name=_save]").click()


def open_dialog(page: Page, name: str, **values: str) -> None:
    """Press the button `name` of the page, fill in what its dialog asks, and confirm."""
    page.locator(f"[hx-get*='/{name}']").first.click()
    form = page.locator("#dialog form")
    for field, value in values.items():
        form.locator(f"[name={field}]").fill(value)
    form.locator("button[type=submit]").click()


def write_document(page: Page) -> None:
    page.goto(page.url.split("/admin/")[0] + reverse("admin:sop_sopdocument_add"))
    page.locator("[name=slug]").fill("contoh")
    page.locator("[name=title]").fill("Contoh SOP")
    page.locator("[name=owner_unit]").select_option(label="PLN Pusat")
    submit(page)


def open_page(page: Page, name: str, *args: object) -> None:
    page.goto(page.url.split("/admin/")[0] + reverse(f"admin:sop_{name}", args=args))


def write_version(page: Page, version: SopVersion) -> None:
    """The text, and one region: the whole country."""
    page.locator("[name=text]").fill("# Contoh\n\nIsi SOP.")
    page.locator("[name=origin]").fill("Surat contoh")
    page.locator(
        "#regions-group a.add-row, #regions-group .add-row a, #regions-group button.add-row"
    ).first.click()
    page.locator("#regions-group .select2-selection").first.click()
    page.locator(".select2-search__field").fill("PLN Pusat")
    page.locator(".select2-results__option", has_text="PLN Pusat").first.click()
    page.locator("[name=regions-0-effective_from]").fill(version.valid_from.strftime("%d/%m/%Y"))
    submit(page)


def write_procedure(page: Page) -> None:
    """First with a mistake, which the editor marks on its line; then mended."""
    page.locator("a[href*='/procedure/add/']").click()
    editor = page.locator("textarea.sop-editor")
    editor.fill(BROKEN)
    expect(page.locator(".sop-editor-gutter .has-problem")).to_have_text("9")
    editor.fill(PROCEDURE)
    expect(page.locator(".sop-editor-gutter .has-problem")).to_have_count(0)
    submit(page)


def try_it(page: Page) -> None:
    expect(page.locator(".sop-say")).to_contain_text("“PLN 123 selamat")
    page.locator(".sop-choices button").click()
    page.locator(".sop-choices button[value=sudah]").click()
    expect(page.locator(".sop-outcome dd").first).to_have_text("kembali ke penelepon")
    page.locator(".sop-choices button").click()
    expect(page.locator(".sop-try")).to_have_count(0)
    assert not Call.objects.exists()


def test_a_new_procedure_is_written_checked_tried_approved_and_run(log_in, sop_author, sop_approver, agent):
    page = log_in(sop_author, at="/admin/")
    write_document(page)
    document = SopDocument.objects.get(slug="contoh")
    open_page(page, "sopdocument_change", document.pk)
    open_dialog(page, "draft", valid_from="02/03/2026")
    page.wait_for_url("**/sopversion/**")
    version = document.versions.get()
    write_version(page, version)
    open_page(page, "sopversion_change", version.pk)
    write_procedure(page)
    procedure = version.procedures.get()

    open_page(page, "procedure_paths", procedure.pk)
    expect(page.locator(".sop-paths tbody tr")).to_have_count(2)
    open_page(page, "procedure_graph", procedure.pk)
    expect(page.locator(".sop-drawing svg")).to_be_visible()
    open_page(page, "procedure_try", procedure.pk)
    try_it(page)

    open_page(page, "sopversion_change", version.pk)
    open_dialog(page, "submit")
    expect(page.locator("[hx-get*='/take_back']").first).to_be_visible()
    page = log_in(sop_approver, at="/admin/")
    open_page(page, "sopversion_change", version.pk)
    open_dialog(page, "publish")
    expect(page.locator("[hx-get*='/withdraw']").first).to_be_visible()
    version.refresh_from_db()
    assert (version.status, version.author, version.approver) == ("PUBLISHED", sop_author, sop_approver)

    page = log_in(agent, at="/panggilan/")
    page.locator("#search").fill("contoh penyambungan")
    expect(page.locator(".procedures li").first).to_contain_text("Contoh informasi penyambungan")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("“PLN 123 selamat")
    page.keyboard.press("Enter")
    expect(page.locator(".call")).to_have_attribute("data-at", "jelas")
    page.keyboard.press("1")
    expect(page.locator(".call")).to_have_attribute("data-at", "selesai")
    page.keyboard.press("Enter")
    expect(page.locator(".call")).to_have_attribute("data-status", "FINISHED")
    call = Call.objects.get()
    assert (call.version, call.outcome) == (version, "CALL_BACK")
