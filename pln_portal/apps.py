from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PortalConfig(AppConfig):
    name = "pln_portal"
    default = True


class PortalAdminConfig(admin_apps.AdminConfig):
    """The admin with the portal's own site: its dashboard, its log-in page and its grouping."""

    default = False
    default_site = "pln_portal.admin_site.PortalAdminSite"
