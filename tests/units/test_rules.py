import pytest

from units import rules


@pytest.mark.parametrize(
    ("code", "name", "label"),
    [
        ("31", "Daerah Khusus Ibukota Jakarta", "DKI JAKARTA"),
        ("34", "Daerah Istimewa Yogyakarta", "DI YOGYAKARTA"),
        ("32", "Jawa Barat", "JAWA BARAT"),
        ("31.71", "Kota Administrasi Jakarta Pusat", "KOTA ADM. JAKARTA PUSAT"),
        ("31.01", "Kabupaten Administrasi Kepulauan Seribu", "KAB. ADM. KEPULAUAN SERIBU"),
        ("32.04", "Kabupaten Bandung", "KAB. BANDUNG"),
        ("32.73", "Kota Bandung", "KOTA BANDUNG"),
        ("31.71.01", "Gambir", "GAMBIR"),
        ("12.34.56.2001", "Kabupaten Baru", "KABUPATEN BARU"),
    ],
)
def test_the_label_is_written_as_on_the_form(code, name, label):
    assert rules.display_name(code, name) == label


def test_the_code_tells_level_and_parent():
    assert [rules.area_level(code) for code in ("31", "31.71", "31.71.01", "31.71.01.1001")] == [1, 2, 3, 4]
    assert rules.parent_code("31.71.01.1001") == "31.71.01"
    assert rules.parent_code("31") is None


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("62.01", "Asia/Jakarta"),
        ("63.01", "Asia/Makassar"),
        ("51", "Asia/Makassar"),
        ("96.01", "Asia/Jayapura"),
    ],
)
def test_the_province_tells_the_time_zone(code, zone):
    assert rules.area_zone(code) == zone


def test_an_unknown_province_is_not_guessed():
    with pytest.raises(KeyError):
        rules.area_zone("99.01")


def test_a_part_of_the_country_comes_with_what_stands_above_and_below_it():
    wanted = [
        code
        for code in ("31", "31.7", "31.71", "31.71.01", "31.72", "32")
        if rules.is_wanted(code, ["31.71"])
    ]

    assert wanted == ["31", "31.71", "31.71.01"]
    assert rules.is_wanted("94", ())
