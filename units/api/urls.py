from django.urls import include, path
from rest_framework.routers import SimpleRouter

from units.api import views

router = SimpleRouter()
router.register("units", views.UnitViewSet)
router.register("areas", views.AreaViewSet)

urlpatterns = [
    path("me/", views.MeView.as_view(), name="me"),
    path("", include(router.urls)),
]
