"""Deny by default. A view names the power of each of its actions; anything unnamed is refused."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

PERSONAL_SCOPE = "agent"


class Deny(BasePermission):
    """The default: a view that forgot to say who may use it serves nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class LoggedIn(BasePermission):
    """Anybody with an account; for what concerns only the reader, and for the API's own description."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated) and token_allows(request, view)


class HasPower(BasePermission):
    """The reader holds, in a position in force now, the power that the view names for this action.

    Which rows the power reaches is the queryset's matter (`visible_to`) and the service's.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        power = view.powers.get(view.action)
        if not request.user.is_authenticated or not token_allows(request, view):
            return False
        return power is not None and request.user.may(power)


def token_allows(request: Request, view: Any) -> bool:
    """A session may everything its user may; a token only what its scopes name."""
    token: Any = request.auth
    if token is None:
        return True
    scopes = {PERSONAL_SCOPE} | ({view.scope} if getattr(view, "scope", None) else set())
    return bool(scopes & set(token.scope.split()))


def is_channel(request: Request) -> bool:
    """True for a token that belongs to a system, not to a person."""
    token: Any = request.auth
    return token is not None and token.user_id is None
