"""The API's table of contents."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from allocation.api.urls import urlpatterns as allocation
from customers.api.urls import urlpatterns as customers
from programs.api.urls import urlpatterns as programs
from sop.api.call_urls import urlpatterns as calls
from sop.api.document_urls import urlpatterns as documents
from tickets.api.urls import urlpatterns as tickets
from units.api.urls import urlpatterns as units

# Swagger UI places its parts by style attributes.
docs = csp_update({"style-src": [UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="api:schema"))

urlpatterns = [
    *units,
    *customers,
    *programs,
    *allocation,
    *tickets,
    *calls,
    *documents,
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", login_required(docs), name="docs"),
]
