"""Logging in: the password first, then a code for accounts that switched the second step on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from django_otp import user_has_device
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from units.models import User

WAITING = "waiting_for_code"
WAIT_SECONDS = 300
CODE_DIGITS = 6


class CodeForm(forms.Form):
    """The six digits of the authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=20,
        error_messages={"required": _("Enter the code.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "class": "code-input", "autofocus": True}
        ),
    )

    def clean_code(self) -> str:
        return self.cleaned_data["code"].replace(" ", "").lower()

    def refuse(self) -> None:
        """Say why a code was not taken, without telling which of the reasons it was."""
        self.add_error(
            "code", _("This code is wrong or was used before. Wait a few seconds, then try the next one.")
        )


class LoginForm(AuthenticationForm):
    """Name and password. A name that no account can have never reaches the records of failed attempts."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if len(name) > (self.username_field.max_length or 0):
            raise self.get_invalid_login_error()
        return name


class LoginView(auth_views.LoginView):
    """The portal's one log-in form, for the console, the admin and OAuth."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not user_has_device(user):
            return super().form_valid(form)
        self.request.session[WAITING] = {
            "user": user.pk,
            "backend": user.backend,
            "password": user.get_session_auth_hash(),
            "until": timezone.now().timestamp() + WAIT_SECONDS,
            "next": self.get_success_url(),
        }
        return redirect("login-code")


class CodeView(FormView):
    """The second step. Whoever did not just give the right password is sent back to the first."""

    form_class = CodeForm
    template_name = "registration/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.waiting = request.session.get(WAITING) or {}
        self.user = _user_waiting(self.waiting)
        if self.user is None:
            return redirect("login")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        device = accepting_device(self.user, form.cleaned_data["code"])  # type: ignore[arg-type]
        if device is None:
            return self._refuse(form)
        del self.request.session[WAITING]
        self.user.otp_device = device  # type: ignore[union-attr]  # django-otp notes it in the session
        login(self.request, self.user, backend=self.waiting["backend"])
        return redirect(self.waiting["next"])

    def _refuse(self, form: CodeForm) -> HttpResponse:
        """Count the failure like a wrong password; a locked account starts over."""
        credentials = {"username": self.user.get_username()}  # type: ignore[union-attr]
        user_login_failed.send(sender=__name__, credentials=credentials, request=self.request)
        if getattr(self.request, "axes_locked_out", False):
            del self.request.session[WAITING]
        form.refuse()
        return self.form_invalid(form)


def accepting_device(user: User, code: str) -> Device | None:
    """The confirmed device of `user` that takes `code`, which it then never takes again."""
    kind = TOTPDevice if len(code) == CODE_DIGITS and code.isdigit() else StaticDevice
    with transaction.atomic():
        for device in kind.objects.devices_for_user(user, confirmed=True).select_for_update():
            if device.verify_token(code):
                return device
    return None


def _user_waiting(waiting: dict[str, Any]) -> User | None:
    """The account whose password was right a moment ago and has not been changed since."""
    if timezone.now().timestamp() > waiting.get("until", 0):
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == waiting["password"] else None
