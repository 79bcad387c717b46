"""Personal data at rest."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from customers import cipher
from customers.cipher import UndecipherableError

OLD, NEW = "an old key of at least 32 characters", "a new key of at least 32 characters!"


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.PERSONAL_DATA_KEYS = [OLD]
    settings.PERSONAL_DATA_PEPPER = "a pepper of at least 32 characters.."


def test_what_is_sealed_opens_again_and_looks_different_each_time():
    sealed = [cipher.encrypt(b"3171010101900000", place="a.b") for _ in range(2)]

    assert sealed[0] != sealed[1]
    assert b"3171" not in sealed[0]
    assert {cipher.decrypt(it, place="a.b") for it in sealed} == {b"3171010101900000"}


def test_it_opens_in_its_own_column_only():
    sealed = cipher.encrypt(b"secret", place="a.b")

    with pytest.raises(UndecipherableError):
        cipher.decrypt(sealed, place="a.c")


@pytest.mark.parametrize("position", [0, 2, 8, -1])
def test_a_changed_byte_is_noticed(position):
    sealed = bytearray(cipher.encrypt(b"secret", place="a.b"))
    sealed[position] ^= 1

    with pytest.raises(UndecipherableError):
        cipher.decrypt(bytes(sealed), place="a.b")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 17])
def test_rubbish_does_not_open(sealed):
    with pytest.raises(UndecipherableError):
        cipher.decrypt(sealed, place="a.b")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(settings):
    old = cipher.encrypt(b"secret", place="a.b")
    settings.PERSONAL_DATA_KEYS = [NEW, OLD]
    new = cipher.encrypt(b"secret", place="a.b")
    assert cipher.decrypt(old, place="a.b") == b"secret"

    settings.PERSONAL_DATA_KEYS = [NEW]
    assert cipher.decrypt(new, place="a.b") == b"secret"
    with pytest.raises(UndecipherableError):
        cipher.decrypt(old, place="a.b")


def test_the_hash_depends_on_the_pepper_and_the_column(settings):
    before = cipher.blind_index("3171010101900000", place="a.b")
    assert before == cipher.blind_index("3171010101900000", place="a.b")
    assert before != cipher.blind_index("3171010101900000", place="a.c")

    settings.PERSONAL_DATA_PEPPER = "another pepper of at least 32 characters"
    assert before != cipher.blind_index("3171010101900000", place="a.b")


def test_a_short_key_is_refused(settings):
    settings.PERSONAL_DATA_KEYS = ["short"]

    with pytest.raises(ImproperlyConfigured):
        cipher.encrypt(b"secret", place="a.b")
