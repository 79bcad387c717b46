"""Deny by default. A view names the power of each of its actions; anything unnamed is refused."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

PERSONAL_SCOPE = "agent"


class Deny(BasePermission):
    """The default: a view that forgot to say who may use it serves nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class InScope(BasePermission):
    """Somebody is logged in; a session may everything its user may, a token only what its scopes name."""

    message: str | None = None
    code: str | None = None

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        scopes = {PERSONAL_SCOPE} | ({view.scope} if getattr(view, "scope", None) else set())
        token: Any = request.auth
        if token is None or scopes & set(token.scope.split()):
            return True
        self.code = "insufficient_scope"
        self.message = _("This needs a token with the scope %(scope)s.") % {
            "scope": " / ".join(sorted(scopes))
        }
        return False


class LoggedIn(InScope):
    """Anybody with an account; for what concerns only the reader, and for the API's own description."""


class HasPower(InScope):
    """The reader holds, in a position in force now, the power that the view names for this action.

    Which rows the power reaches is the queryset's matter (`visible_to`) and the service's.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        power, user = view.powers.get(view.action), cast(Any, request.user)
        return super().has_permission(request, view) and power is not None and user.may(power)


def is_channel(request: Request) -> bool:
    """True for a token that belongs to a system, not to a person."""
    token: Any = request.auth
    return token is not None and token.user_id is None
