"""OAuth 2: who may ask for which scope, and the page on which a person lets another frontend in.

Clients are set up in the admin; nobody registers one from outside.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.urls import path
from oauth2_provider import views
from oauth2_provider.models import AbstractApplication
from oauth2_provider.scopes import SettingsScopes

from common.permissions import PERSONAL_SCOPE


class PortalScopes(SettingsScopes):
    """A channel acts for itself: it never gets the scope that acts as a person."""

    def get_available_scopes(
        self, application: AbstractApplication | None = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        scopes = super().get_available_scopes(application, request, *args, **kwargs)
        grant = application.authorization_grant_type if application else ""
        if grant == AbstractApplication.GRANT_CLIENT_CREDENTIALS:
            return [scope for scope in scopes if scope != PERSONAL_SCOPE]
        return scopes


class AuthorizationView(views.AuthorizationView):
    """Asks the person who is logged in; the answer's form may lead to the client's own address."""

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        if redirect_uri := context.get("redirect_uri"):  # registered for this client, checked before
            address = urlsplit(redirect_uri)
            response._csp_update = {"form-action": [f"{address.scheme}://{address.netloc}"]}
        return response


app_name = "oauth2_provider"
urlpatterns = [
    path("oauth/authorize/", AuthorizationView.as_view(), name="authorize"),
    path("oauth/token/", views.TokenView.as_view(), name="token"),
    path("oauth/revoke/", views.RevokeTokenView.as_view(), name="revoke-token"),
    path(
        ".well-known/oauth-authorization-server",
        views.OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
]
