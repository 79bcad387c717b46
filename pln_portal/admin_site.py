"""The admin site: one log-in page for everybody, and a first page made for the reader's positions."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Send to the portal's one log-in form; somebody without a place here goes to the console."""
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponse(status=303, headers={"Location": reverse("console:home")})
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
