from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from allocation.api import views

router = SimpleRouter()
router.register("allocation/checks", views.CheckViewSet)

AVAILABILITIES = "allocation/availabilities/"
ONE = AVAILABILITIES + r"(?P<unit>[A-Za-z0-9.-]{1,12})/(?P<phase>[13])/"
availability = views.AvailabilityViewSet.as_view

urlpatterns = [
    path("", include(router.urls)),
    path(AVAILABILITIES, availability({"get": "list"}), name="availability-list"),
    re_path(f"^{ONE}$", availability({"get": "retrieve", "put": "update"}), name="availability-detail"),
    re_path(f"^{ONE}history/$", views.HistoryViewSet.as_view({"get": "list"}), name="availability-history"),
    re_path(f"^{ONE}preview/$", availability({"get": "preview"}), name="availability-preview"),
    path("allocation/matrix/", views.MatrixViewSet.as_view({"get": "in_force"}), name="matrix"),
]
