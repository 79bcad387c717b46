"""Every address of the portal."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from common import problems
from pln_portal import health, login, metrics, mfa

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include(("pln_portal.api", "api"))),
    path("admin/", admin.site.urls),
    path("accounts/login/", login.LoginView.as_view(), name="login"),
    path("accounts/login/code/", login.CodeView.as_view(), name="login-code"),
    path("accounts/mfa/", mfa.second_step, name="mfa"),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("pln_portal.oauth")),
    path("", include("console.urls")),
]

handler400 = problems.bad_request_page
handler403 = problems.forbidden_page
handler404 = problems.not_found_page
handler500 = problems.server_error_page
