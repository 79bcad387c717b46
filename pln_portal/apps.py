from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _

APP_NAMES = {
    "axes": _("Log-in protection"),
    "oauth2_provider": _("OAuth clients"),
    "otp_static": _("Backup codes"),
    "otp_totp": _("Authenticators"),
}


class PortalConfig(AppConfig):
    name = "pln_portal"
    default = True

    def ready(self) -> None:
        """Name the libraries' apps as people do; they bring no words of their own."""
        for label, words in APP_NAMES.items():
            apps.get_app_config(label).verbose_name = words


class PortalAdminConfig(admin_apps.AdminConfig):
    """The admin with the portal's own site: its dashboard, its log-in page and its grouping."""

    default = False
    default_site = "pln_portal.admin_site.PortalAdminSite"
