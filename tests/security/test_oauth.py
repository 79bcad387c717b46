"""OAuth 2 for other frontends (authorization code with PKCE) and for channels (client credentials)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from units.models import Position, User

pytestmark = pytest.mark.django_db

VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-43"
CALLBACK = "https://frontend.example/callback"


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def register(grant: str, user: User, **fields: Any) -> Application:
    values = {
        "client_type": "confidential",
        "client_secret": "the-secret",
        "redirect_uris": CALLBACK,
    } | fields
    return Application.objects.create(
        name="Another frontend", user=user, authorization_grant_type=grant, **values
    )


@pytest.fixture
def frontend(back_office: User) -> Application:
    return register("authorization-code", back_office)


@pytest.fixture
def mobile(channel: User) -> Application:
    return register("client-credentials", channel)


def ask(application: Application, **changes: Any) -> dict[str, Any]:
    question = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": CALLBACK,
        "scope": "agent",
        "state": "xyz",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in question.items() if value is not None}


def authorize(client: Client, application: Application, **changes: Any) -> dict[str, list[str]]:
    """Ask, allow, and return what the redirect carries."""
    answer = client.post(
        reverse("oauth2_provider:authorize"), ask(application, **changes) | {"allow": "Allow"}
    )
    assert answer.status_code == 302, answer.content
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def redeem(code: str, application: Application, **changes: Any) -> Any:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": application.client_id,
        "client_secret": "the-secret",
        "code_verifier": VERIFIER,
    } | changes
    return Client().post(reverse("oauth2_provider:token"), form)


def as_channel(application: Application, scope: str, secret: str = "the-secret") -> Any:
    form = {"grant_type": "client_credentials", "scope": scope}
    basic = base64.b64encode(f"{application.client_id}:{secret}".encode()).decode()
    return Client().post(reverse("oauth2_provider:token"), form, HTTP_AUTHORIZATION=f"Basic {basic}")


def me(token: str) -> Any:
    return Client(raise_request_exception=False).get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {token}")


def test_a_channel_gets_a_token_and_acts_as_its_own_account(mobile: Application, channel: User) -> None:
    answer = as_channel(mobile, "read allocation")
    token = answer.json()["access_token"]

    assert answer.status_code == 200
    assert me(token).json()["username"] == channel.username
    assert "CHECK_ALLOCATION" in me(token).json()["permissions"]


def test_a_channel_with_a_wrong_secret_gets_nothing(mobile: Application) -> None:
    assert as_channel(mobile, "read", secret="another").status_code == 401
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("scope", ["agent", "read agent", "introspection", "no-such-scope"])
def test_a_channel_never_gets_the_scope_of_a_person(mobile: Application, scope: str) -> None:
    answer = as_channel(mobile, scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert not AccessToken.objects.exists()


def test_a_token_is_told_which_scope_it_lacks(channel_api: Callable[..., Any]) -> None:
    answer = channel_api("read allocation").get("/api/v1/tickets/", HTTP_ACCEPT_LANGUAGE="en")

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["detail"] == "This needs a token with the scope agent / tickets."
    assert channel_api("tickets").get("/api/v1/tickets/").status_code == 200


def test_a_frontend_acts_as_the_person_who_let_it_in(
    browse: Callable, agent: User, frontend: Application
) -> None:
    page = browse(agent).get(reverse("oauth2_provider:authorize"), ask(frontend))
    redirect = authorize(browse(agent), frontend)
    token = redeem(redirect["code"][0], frontend).json()

    assert page.status_code == 200
    assert redirect["state"] == ["xyz"]
    assert redirect["iss"] == ["http://testserver"]
    assert me(token["access_token"]).json()["username"] == agent.username


def test_ending_the_position_ends_what_the_token_may(
    browse: Callable, manager_menteng: User, frontend: Application
) -> None:
    token = redeem(authorize(browse(manager_menteng), frontend)["code"][0], frontend).json()["access_token"]
    units = "/api/v1/units/"
    assert Client().get(units, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200

    Position.objects.filter(holder=manager_menteng).update(ends_at=timezone.now())
    assert Client().get(units, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 403


def test_the_page_is_for_people_who_are_logged_in(frontend: Application) -> None:
    answer = Client().get(reverse("oauth2_provider:authorize"), ask(frontend))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("login"))


def test_the_pages_form_may_lead_to_the_client_and_nowhere_else(
    browse: Callable, agent: User, frontend: Application
) -> None:
    answer = browse(agent).get(reverse("oauth2_provider:authorize"), ask(frontend))
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))

    assert policy["form-action"] == "'self' https://frontend.example"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CALLBACK + "/more"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "nobody"},
    ],
    ids=str,
)
def test_a_client_that_is_not_known_with_that_address_leads_nowhere(
    browse: Callable, agent: User, frontend: Application, changes: dict
) -> None:
    answer = browse(agent).get(reverse("oauth2_provider:authorize"), ask(frontend, **changes))

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "form-action 'self';" in answer.headers["Content-Security-Policy"] + ";"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "introspection"}, "invalid_scope"),
    ],
    ids=["no PKCE", "implicit", "another scope"],
)
def test_what_rfc_9700_forbids_is_refused(
    browse: Callable, agent: User, frontend: Application, changes: dict, error: str
) -> None:
    answer = browse(agent).get(reverse("oauth2_provider:authorize"), ask(frontend, **changes))

    assert error in answer.headers.get("Location", "") + answer.content.decode()
    assert not Grant.objects.exists()
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("method", ["plain", None])
def test_a_challenge_that_is_the_verifier_itself_is_refused(
    browse: Callable, agent: User, frontend: Application, method: str | None
) -> None:
    redirect = authorize(browse(agent), frontend, code_challenge=VERIFIER, code_challenge_method=method)

    assert redirect["error"] == ["invalid_request"]
    assert not Grant.objects.exists()


def test_a_code_is_worth_nothing_without_its_verifier_and_only_once(
    browse: Callable, agent: User, frontend: Application
) -> None:
    stolen = authorize(browse(agent), frontend)["code"][0]
    assert redeem(stolen, frontend, code_verifier="x" * 43).status_code == 400
    assert not AccessToken.objects.exists()

    code = authorize(browse(agent), frontend)["code"][0]
    assert redeem(code, frontend).status_code == 200
    assert redeem(code, frontend).status_code == 400


def test_the_password_grant_does_not_exist(agent: User, back_office: User) -> None:
    application = register("password", back_office)
    form = {"grant_type": "password", "username": agent.username, "password": "a-password-for-tests"}
    answer = redeem("", application, **form)

    assert answer.status_code == 400
    assert not AccessToken.objects.exists()


def test_a_refresh_token_that_comes_twice_ends_the_whole_family(
    browse: Callable, agent: User, frontend: Application
) -> None:
    first = redeem(authorize(browse(agent), frontend)["code"][0], frontend).json()

    def refresh(token: str) -> Any:
        return redeem("", frontend, grant_type="refresh_token", refresh_token=token)

    second = refresh(first["refresh_token"]).json()
    assert me(second["access_token"]).status_code == 200
    assert refresh(first["refresh_token"]).status_code == 400
    assert me(second["access_token"]).status_code == 401
    assert refresh(second["refresh_token"]).status_code == 400


def test_a_token_that_was_given_back_is_worth_nothing(mobile: Application) -> None:
    token = as_channel(mobile, "read").json()["access_token"]
    form = {"token": token, "client_id": mobile.client_id, "client_secret": "the-secret"}

    assert Client().post(reverse("oauth2_provider:revoke-token"), form).status_code == 200
    assert me(token).status_code == 401


def test_a_token_in_the_address_counts_for_nothing(mobile: Application) -> None:
    token = as_channel(mobile, "read").json()["access_token"]

    assert Client().get(f"/api/v1/me/?access_token={token}").status_code == 401


def test_a_bad_token_is_refused_even_next_to_a_good_session(api: Callable, agent: User) -> None:
    answer = api(agent).get("/api/v1/me/", HTTP_AUTHORIZATION="Bearer nothing")

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_secrets_and_tokens_are_kept_as_digests(
    browse: Callable, agent: User, frontend: Application, mobile: Application
) -> None:
    redeem(authorize(browse(agent), frontend)["code"][0], frontend)
    as_channel(mobile, "read")

    assert {token.token for token in AccessToken.objects.all()} == {""}
    assert {token.token for token in RefreshToken.objects.all()} == {""}
    assert not Application.objects.filter(client_secret="the-secret").exists()


@pytest.mark.parametrize(
    "path",
    [
        "applications/",
        "applications/register/",
        "authorized_tokens/",
        "register/",
        "introspect/",
        "device-authorization/",
    ],
)
def test_no_page_sets_up_clients_or_reads_tokens_from_outside(
    browse: Callable, back_office: User, path: str
) -> None:
    assert browse(back_office).get(f"/oauth/{path}").status_code == 404


def test_clients_find_the_addresses_by_the_standard_document() -> None:
    document = Client().get("/.well-known/oauth-authorization-server").json()

    assert document["issuer"] == "http://testserver"
    assert document["authorization_endpoint"] == "http://testserver/oauth/authorize/"
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert set(document["grant_types_supported"]) == {
        "authorization_code",
        "client_credentials",
        "refresh_token",
    }
    with pytest.raises(NoReverseMatch):
        reverse("oauth2_provider:introspect")


def test_expired_tokens_are_cleared_away(mobile: Application) -> None:
    as_channel(mobile, "read")
    AccessToken.objects.update(expires=timezone.now() - timezone.timedelta(days=2))
    call_command("cleartokens")

    assert not AccessToken.objects.exists()
