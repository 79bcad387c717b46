"""Logging in: password, second step, recovery codes, lock-out."""

import re

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import get_user
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "a-password-for-tests"
LOGIN, CODE, MFA = "/accounts/login/", "/accounts/login/code/", "/accounts/mfa/"


def code_of(device: TOTPDevice) -> str:
    """What the phone shows now."""
    return f"{TOTP(device.bin_key, device.step, device.t0, device.digits).token():06d}"


@pytest.fixture
def phone(agent):
    """The agent's confirmed authenticator app."""
    return TOTPDevice.objects.create(user=agent, name="app", confirmed=True)


def enter_password(client, username="agent", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password, **extra})


def test_a_password_alone_opens_an_account_without_a_second_step(client, agent):
    response = enter_password(client, next="/alokasi/")

    assert response["Location"] == "/alokasi/"
    assert get_user(client) == agent


def test_a_wrong_password_is_told_aloud_and_opens_nothing(client, agent):
    response = enter_password(client, password="wrong")

    assert 'role="alert"' in response.content.decode()
    assert get_user(client).is_anonymous


def test_log_in_never_leads_off_the_portal(client, agent):
    assert enter_password(client, next="https://elsewhere.example/")["Location"] == "/"


def test_with_a_second_step_the_password_alone_opens_nothing(client, phone):
    response = enter_password(client)

    assert response["Location"] == CODE
    assert get_user(client).is_anonymous
    assert client.get("/").status_code == 302


def test_the_right_code_opens_the_account_and_leads_on(client, agent, phone):
    enter_password(client, next="/alokasi/")

    response = client.post(CODE, {"code": code_of(phone)})

    assert response["Location"] == "/alokasi/"
    assert get_user(client) == agent


@pytest.mark.parametrize("code", ["000000", "x", "", "99999999999999999999", "١٢٣٤٥٦"])
def test_a_wrong_code_opens_nothing(client, phone, code):
    enter_password(client)

    response = client.post(CODE, {"code": code})

    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()
    assert get_user(client).is_anonymous


def test_a_code_works_once(client, browse, agent, phone):
    code = code_of(phone)
    enter_password(client)
    client.post(CODE, {"code": code})
    client.post("/accounts/logout/")
    enter_password(client)

    client.post(CODE, {"code": code})

    assert get_user(client).is_anonymous


def test_without_a_password_there_is_no_second_step(client, phone):
    assert client.get(CODE)["Location"] == LOGIN
    assert client.post(CODE, {"code": code_of(phone)})["Location"] == LOGIN
    assert get_user(client).is_anonymous


def test_the_second_step_waits_five_minutes(client, phone):
    with time_machine.travel("2026-01-05 08:00:00+00:00", tick=False) as clock:
        enter_password(client)
        clock.shift(301)

        response = client.post(CODE, {"code": code_of(phone)})

    assert response["Location"] == LOGIN
    assert get_user(client).is_anonymous


def test_a_password_changed_meanwhile_ends_the_second_step(client, agent, phone):
    enter_password(client)
    agent.set_password("another-password-for-tests")
    agent.save()

    assert client.post(CODE, {"code": code_of(phone)})["Location"] == LOGIN


def test_wrong_codes_lock_the_account_like_wrong_passwords(client, agent, phone, settings):
    enter_password(client)
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        response = client.post(CODE, {"code": "000000"})

    assert response.status_code == 429
    assert client.get(CODE)["Location"] == LOGIN
    assert enter_password(client).status_code == 429


def test_wrong_passwords_lock_the_account_at_this_address_and_say_so(client, agent, settings):
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        response = enter_password(client, password="wrong")

    assert response.status_code == 429
    assert 'class="card"' in response.content.decode()
    assert enter_password(client).status_code == 429


def test_switching_on_asks_for_a_code_of_the_phone_and_shows_recovery_codes_once(browse, client, agent):
    screen = browse(agent)
    screen.post(MFA, {"action": "begin"})
    device = TOTPDevice.objects.get(user=agent)
    assert "data:image/svg+xml;base64," in screen.get(MFA).content.decode()

    page = screen.post(MFA, {"action": "confirm", "code": code_of(device)}).content.decode()

    codes = re.findall(r'<li class="secret">(\w+)</li>', page)
    assert len(codes) == 10
    assert TOTPDevice.objects.get(user=agent).confirmed
    assert codes[0] not in screen.get(MFA).content.decode()
    assert enter_password(client)["Location"] == CODE
    assert client.post(CODE, {"code": codes[0]})["Location"] == "/"
    assert get_user(client) == agent


def test_a_recovery_code_works_once(client, browse, agent):
    screen = browse(agent)
    screen.post(MFA, {"action": "begin"})
    screen.post(MFA, {"action": "confirm", "code": code_of(TOTPDevice.objects.get(user=agent))})
    code = StaticToken.objects.filter(device__user=agent).first().token
    enter_password(client)
    client.post(CODE, {"code": code})
    client.post("/accounts/logout/")
    enter_password(client)

    client.post(CODE, {"code": code})

    assert get_user(client).is_anonymous


def test_a_wrong_code_switches_nothing_on(browse, agent):
    screen = browse(agent)
    screen.post(MFA, {"action": "begin"})

    response = screen.post(MFA, {"action": "confirm", "code": "000000"})

    assert "id_code_error" in response.content.decode()
    assert not TOTPDevice.objects.get(user=agent).confirmed


@pytest.mark.parametrize("action", ["remove", "renew", "confirm", "", "nonsense"])
def test_without_a_code_the_second_step_stays_as_it_is(browse, agent, phone, action):
    browse(agent).post(MFA, {"action": action, "code": "000000"})

    assert TOTPDevice.objects.get(user=agent).confirmed
    assert not StaticToken.objects.exists()


def test_the_second_step_goes_with_a_valid_code(browse, agent, phone):
    response = browse(agent).post(MFA, {"action": "remove", "code": code_of(phone)})

    assert response.status_code == 302
    assert not TOTPDevice.objects.filter(user=agent).exists()


def test_looking_at_the_page_changes_nothing(browse, agent):
    browse(agent).get(MFA)

    assert not TOTPDevice.objects.exists()


def test_an_account_that_is_logged_in_does_not_see_the_form_again(browse, agent):
    assert browse(agent).get(LOGIN)["Location"] == "/"


def test_logging_out_needs_a_post(browse, agent):
    screen = browse(agent)

    assert screen.get("/accounts/logout/").status_code == 405
    assert screen.post("/accounts/logout/")["Location"] == LOGIN
    assert screen.get("/").status_code == 302


def test_a_name_longer_than_any_account_has_is_only_wrong(client, db) -> None:
    response = client.post("/accounts/login/", {"username": "a" * 400, "password": "a-password-for-tests"})

    assert response.status_code == 200
    assert response.context["form"].errors["username"]
    assert not AccessAttempt.objects.exists()
