"""The API's table of contents."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from customers.api.urls import urlpatterns as customers
from units.api.urls import urlpatterns as units

urlpatterns = [
    *units,
    *customers,
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
