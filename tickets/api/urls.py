from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from tickets.api import diagnosis_views, incident_views, order_views, views
from tickets.api.performance import PerformanceViewSet

router = SimpleRouter()
router.register("work-orders", order_views.WorkOrderViewSet)
router.register("crews", order_views.CrewViewSet)
router.register("shifts", order_views.ShiftViewSet)
router.register("self-diagnoses", diagnosis_views.DiagnosisViewSet)
router.register("reading-codes", diagnosis_views.ReadingCodeViewSet)
router.register("incidents", incident_views.IncidentViewSet)
router.register("problem-types", views.ProblemTypeViewSet)
router.register("tickets", views.TicketViewSet)

TICKET = rf"^tickets/(?P<number>{views.NUMBER_IN_PATH})"

urlpatterns = [
    *router.urls,
    re_path(
        r"^coverage-checks/$",
        diagnosis_views.CoverageViewSet.as_view({"post": "create"}),
        name="coverage-check",
    ),
    re_path(
        rf"{TICKET}/self-diagnosis/$",
        diagnosis_views.TicketDiagnosisViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="ticket-diagnosis",
    ),
    re_path(rf"{TICKET}/ctt/$", diagnosis_views.TokenViewSet.as_view({"get": "retrieve"}), name="ticket-ctt"),
    re_path(
        rf"{TICKET}/ctt/read-out/$",
        diagnosis_views.TokenViewSet.as_view({"post": "read_out"}),
        name="ticket-ctt-read-out",
    ),
    path("tickets/performance/", PerformanceViewSet.as_view({"get": "list"}), name="ticket-performance"),
    re_path(rf"{TICKET}/events/$", views.EventViewSet.as_view({"get": "list"}), name="ticket-events"),
    re_path(
        rf"{TICKET}/photos/$",
        views.PhotoViewSet.as_view({"get": "list", "post": "create"}),
        name="ticket-photos",
    ),
    re_path(
        rf"{TICKET}/photos/(?P<slot>[1-3])/$",
        views.PhotoViewSet.as_view({"get": "retrieve"}),
        name="ticket-photo",
    ),
]
