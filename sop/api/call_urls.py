from rest_framework.routers import SimpleRouter

from sop.api.call_views import CallViewSet

router = SimpleRouter()
router.register("calls", CallViewSet)

urlpatterns = router.urls
