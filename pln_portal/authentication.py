"""How the API knows who asks: a browser session, or an OAuth 2 token."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.contrib.django_oauth_toolkit import DjangoOAuthToolkitScheme
from oauth2_provider.contrib.rest_framework import OAuth2Authentication as BaseOAuth2Authentication
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.permissions import PERSONAL_SCOPE


class OAuth2Authentication(BaseOAuth2Authentication):
    """A token of a person acts for that person; a token of a channel acts for the channel's own account.

    The channel's account (`Application.user`) holds a CHANNEL position, so that its powers come from the
    same table as everybody's. A token that is no good is refused, even next to a good session.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        if not get_authorization_header(request).lower().startswith(b"bearer"):
            return None
        found = super().authenticate(request)
        user = found and (found[0] or found[1].application.user)
        if not found or not user or not user.is_active:
            raise AuthenticationFailed(_("This token is not valid, or no longer."))
        return user, found[1]


class OAuth2Scheme(DjangoOAuthToolkitScheme):
    """In the OpenAPI document: either the view's own scope, or the one that acts as a person."""

    target_class = "pln_portal.authentication.OAuth2Authentication"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        scopes = [getattr(auto_schema.view, "scope", ""), PERSONAL_SCOPE]
        return [{self.name: [scope]} for scope in scopes if scope]
