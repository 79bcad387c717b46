from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from sop.api.document_views import DocumentViewSet, VersionViewSet

router = SimpleRouter()
router.register("sop/documents", DocumentViewSet)

ONE = r"^sop/documents/(?P<slug>[a-z0-9_-]{1,60})/versions/(?P<n>[0-9]{1,6})/"
version = VersionViewSet.as_view

urlpatterns = [
    path("", include(router.urls)),
    re_path(rf"{ONE}$", version({"get": "retrieve"}), name="sop-version"),
    re_path(rf"{ONE}diff/(?P<m>[0-9]{{1,6}})/$", version({"get": "diff"}), name="sop-diff"),
    re_path(rf"{ONE}acknowledge/$", version({"post": "acknowledge"}), name="sop-acknowledge"),
    re_path(
        rf"{ONE}attachments/(?P<id>[0-9]{{1,18}})/$",
        version({"get": "attachment"}),
        name="sop-attachment",
    ),
]
