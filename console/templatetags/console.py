"""What the shell's templates ask for."""

from __future__ import annotations

from typing import Any

from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from console import navigation

register = Library()


@register.simple_tag(takes_context=True)
def menu(context: Context) -> list[navigation.Entry]:
    """The pages of the reader."""
    return navigation.entries_for(context["request"].user)


@register.simple_tag(takes_context=True)
def back_office(context: Context) -> str:
    """The address of the admin, or nothing for those without a place there."""
    user = context["request"].user
    return navigation.back_office_url() if navigation.may_enter_back_office(user) else ""


@register.filter
def initials(user: Any) -> str:
    """One or two letters that stand for an account."""
    words = (user.get_full_name() or user.get_username()).replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our own drawings, hidden from screen readers."""
    return render_to_string(f"console/icons/{name}.svg")
