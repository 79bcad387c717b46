"""How the API knows who asks: a browser session, or an OAuth 2 token."""

from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication as BaseOAuth2Authentication
from rest_framework import authentication
from rest_framework.request import Request


class OAuth2Authentication(BaseOAuth2Authentication):
    """A token of a person acts for that person; a token of a channel acts for the channel's own account.

    The channel's account (`Application.user`) holds a CHANNEL position, so that its powers come from the
    same table as everybody's.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user, token = found
        user = user or token.application.user
        return (user, token) if user and user.is_active else None


class SessionAuthentication(authentication.SessionAuthentication):
    """The console's session; unsafe methods need the CSRF token."""
