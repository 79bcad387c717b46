from django.urls import re_path
from rest_framework.routers import SimpleRouter

from tickets.api import views

router = SimpleRouter()
router.register("problem-types", views.ProblemTypeViewSet)
router.register("tickets", views.TicketViewSet)

TICKET = rf"^tickets/(?P<number>{views.NUMBER_IN_PATH})"

urlpatterns = [
    *router.urls,
    re_path(rf"{TICKET}/events/$", views.EventViewSet.as_view({"get": "list"})),
    re_path(rf"{TICKET}/photos/$", views.PhotoViewSet.as_view({"get": "list", "post": "create"})),
    re_path(rf"{TICKET}/photos/(?P<slot>[1-3])/$", views.PhotoViewSet.as_view({"get": "retrieve"})),
]
