"""What is said, against the words of seed 002."""

from __future__ import annotations

import pytest

from allocation import notices


def notification(product: str, outcome: str = "OFFER_OTHER") -> str | None:
    return notices.notification(outcome=outcome, product=product, power_va=2200, unit="UP3 Menteng")


@pytest.mark.requirement("R-002-25")
def test_the_notification_is_that_of_the_sop_and_its_mirror() -> None:
    assert notification("PASCABAYAR") == (
        "Layanan PASCABAYAR saat ini belum tersedia di Wilayah Anda. "
        "Apakah anda bersedia dilayani dengan Layanan PRABAYAR?"
    )
    assert notification("PRABAYAR") == (
        "Layanan PRABAYAR saat ini belum tersedia di Wilayah Anda. "
        "Apakah anda bersedia dilayani dengan Layanan PASCABAYAR?"
    )
    assert notification("PASCABAYAR", "SERVED") is None


def test_what_the_sop_has_no_words_for_says_what_to_do() -> None:
    nothing, not_set = (
        notification("PASCABAYAR", outcome) or "" for outcome in ("NOTHING_SERVED", "NOT_SET")
    )

    assert "2.200 VA" in nothing
    assert "APKT" in nothing
    assert "belum diatur" in not_set
    assert "supervisor" in not_set
    assert "APKT" in not_set


@pytest.mark.requirement("R-002-19", "R-ALL-4")
def test_the_offer_is_read_out_in_the_words_of_the_sop() -> None:
    script = notices.script(outcome="OFFER_OTHER", product="PASCABAYAR", power_va=2200)

    assert notices.address(script) == (
        "... Mohon maaf Bapak/Ibu, untuk saat ini Daya 2.200 VA dengan layanan PASKABAYAR belum tersedia di "
        "wilayah Bapak/Ibu, apakah bapak/Ibu bersedia dilayani dengan layanan PRABAYAR? ..."
    )
    assert notices.address(script, salutation="BAPAK", name="Contoh") == (
        "... Mohon maaf Bapak Contoh, untuk saat ini Daya 2.200 VA dengan layanan PASKABAYAR belum tersedia "
        "di wilayah Bapak, apakah bapak bersedia dilayani dengan layanan PRABAYAR? ..."
    )
    mirror = notices.script(outcome="OFFER_OTHER", product="PRABAYAR", power_va=41500)
    assert notices.address(mirror, salutation="IBU", name="Contoh") == (
        "... Mohon maaf Ibu Contoh, untuk saat ini Daya 41.500 VA dengan layanan PRABAYAR belum tersedia di "
        "wilayah Ibu, apakah Ibu bersedia dilayani dengan layanan PASKABAYAR? ..."
    )


@pytest.mark.requirement("R-002-17")
def test_what_is_served_is_read_out_with_its_reservation() -> None:
    script = notices.script(outcome="SERVED", product="PASCABAYAR", power_va=2200)

    assert notices.address(script, salutation="IBU") == (
        "... baik Ibu, untuk produk layanan yang akan disambung nanti disesuaikan juga dengan material yang "
        "tersedia di Unit PLN di wilayah Ibu ya ..."
    )


@pytest.mark.requirement("R-002-23")
def test_the_reason_names_the_product_that_is_missing() -> None:
    assert notices.explanation(outcome="OFFER_OTHER", product="PASCABAYAR") == (
        "saat ini untuk material PASKABAYAR belum tersedia"
    )
    assert notices.explanation(outcome="SERVED", product="PASCABAYAR") is None


def test_a_name_that_looks_like_a_placeholder_stays_what_was_typed() -> None:
    script = notices.script(outcome="OFFER_OTHER", product="PASCABAYAR", power_va=2200)
    name = "{Bapak/Ibu} {{7*7}} {Nama Pemohon}"

    assert f"Ibu {name}, untuk" in notices.address(script, salutation="IBU", name=name)
