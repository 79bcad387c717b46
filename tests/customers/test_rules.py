"""What a number is, how personal data is masked, how old a meter is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from customers import rules


@pytest.mark.parametrize(
    ("text", "number", "kind"),
    [
        ("081200000001", "+6281200000001", "MOBILE"),
        ("62812-0000-0001", "+6281200000001", "MOBILE"),
        ("+62 812 0000 0001", "+6281200000001", "MOBILE"),
        ("(021) 5000012", "+62215000012", "PSTN"),
        ("0361000123", "+62361000123", "PSTN"),
        ("+6591234567", "+6591234567", "MOBILE"),
        ("+12025550123", "+12025550123", "PSTN"),
    ],
)
def test_a_phone_is_read_as_people_write_it(text, number, kind):
    assert rules.normalise_phone(text) == rules.Phone(number, kind)


@pytest.mark.parametrize(
    "text", ["", "123", "abc", "08001234567", "0812 0000 0001 ext 4", "0" * 31, "+999123", "=1+1", "08\x00"]
)
def test_what_nobody_can_be_called_at_is_refused(text):
    with pytest.raises(Invalid) as refusal:
        rules.normalise_phone(text)

    assert refusal.value.code == "bad_phone"


@given(st.text(max_size=40))
def test_no_text_breaks_the_phone_reader(text):
    try:
        phone = rules.normalise_phone(text)
    except Invalid:
        return
    assert rules.normalise_phone(phone.number) == phone


@pytest.mark.parametrize(
    ("nik", "is_one"),
    [
        ("3171010101900000", True),
        ("3171017112900000", True),
        ("3171014107900000", True),
        ("3171010001900000", False),
        ("3171013201900000", False),
        ("3171014001900000", False),
        ("3171017201900000", False),
        ("3171010113900000", False),
        ("317101010190000", False),
        ("3171010101900000\n", False),
        ("３１７１０１０１０１９０００００", False),
    ],
)
def test_a_nik_holds_a_date_of_birth(nik, is_one):
    try:
        assert rules.check_nik(nik) == nik
        accepted = True
    except Invalid:
        accepted = False

    assert accepted is is_one


@pytest.mark.parametrize("text", ["54052000001", "5405200000170", "54052000001x", "", "540520000017\n"])
def test_an_idpel_has_twelve_digits(text):
    with pytest.raises(Invalid):
        rules.check_idpel(text)


@pytest.mark.parametrize("text", ["1423456789", "142345678901", "1423456789x", "14234567890\n"])
def test_a_meter_number_has_eleven_digits(text):
    with pytest.raises(Invalid):
        rules.check_meter_number(text)


def test_personal_data_is_masked():
    assert rules.mask_nik("3171010101900001") == "3171••••••••0001"
    assert rules.mask_phone("+6281234567789") == "0812••••789"
    assert rules.mask_phone("+622150000123") == "0215••••123"
    assert rules.mask_phone("+6591234567") == "+659••••567"
    assert rules.mask_name("PELANGGAN KENARI") == "P•••• K••••"
    assert rules.mask_address("JL. CONTOH", "", "003") == "J•••• C••••, ••••"
    assert rules.mask_address("JL. CONTOH", "", "") == "J•••• C••••"


def test_a_mask_does_not_tell_the_length():
    assert rules.mask_name("AB") == rules.mask_name("ABCDEFGHIJ")


@given(st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_the_check_digit_notices_a_wrong_digit(digits):
    right = f"{digits}{rules.luhn_digit(digits)}"
    wrong = f"{(int(digits[0]) + 1) % 10}{right[1:]}"

    assert rules.meter_number_is_plausible(right)
    assert not rules.meter_number_is_plausible(wrong)


def test_the_check_digit_is_the_published_one():
    assert rules.luhn_digit("7992739871") == 3


@pytest.mark.parametrize(
    ("number", "brand"), [("14000000000", "Hexing"), ("26000000000", "Holleymet"), ("99000000000", "")]
)
def test_the_first_two_digits_name_the_brand(number, brand):
    assert rules.brand_of(number) == brand


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        (date(2010, 6, 15), date(2020, 6, 14), 9),
        (date(2010, 6, 15), date(2020, 6, 15), 10),
        (date(2012, 2, 29), date(2021, 2, 28), 8),
        (date(2012, 2, 29), date(2021, 3, 1), 9),
        (date(2020, 1, 1), date(2020, 1, 1), 0),
    ],
)
def test_a_meter_gets_older_by_completed_years(since, on, years):
    assert rules.full_years(since, on) == years
