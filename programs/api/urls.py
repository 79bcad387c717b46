from rest_framework.routers import SimpleRouter

from programs.api import views

OF_PROGRAM = r"programs/(?P<slug>[-a-zA-Z0-9_]{1,60})"

router = SimpleRouter()
router.register("programs", views.ProgramViewSet)
router.register(f"{OF_PROGRAM}/payment-imports", views.PaymentImportViewSet)
router.register(f"{OF_PROGRAM}/evaluations", views.EvaluationViewSet)
router.register(f"{OF_PROGRAM}/winners", views.ProgramWinnerViewSet, basename="program-winner")
router.register("winners", views.WinnerViewSet)

urlpatterns = router.urls
