"""Customers: looked up by one exact number, masked; revealed for a reason."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.throttling import RevealThrottle
from common.views import ScopedViewSet
from customers.api import filters, serializers
from customers.models import Customer
from customers.services import privacy
from units.models import User
from units.powers import Power

FRAGMENTS = {
    "list": "customers/found.html",
    "retrieve": "customers/customer.html",
    "reveal": "customers/revealed.html",
}


class CustomerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Customers that the reader may see. The list answers one exact look-up."""

    queryset = Customer.objects.select_related(
        "area__parent__parent__parent", "unit", "tariff", "kogol"
    ).prefetch_related("meters", "phones")
    serializer_class = serializers.CustomerSerializer
    filterset_class = filters.CustomerFilter
    lookup_field = "idpel"
    lookup_value_regex = "[0-9]{12}"
    ordering_keys = ("idpel", "-idpel")
    parser_classes = (StrictJSONParser, StrictFormParser)
    renderer_classes = (JSONRenderer, FragmentRenderer)
    powers = {
        "list": Power.SEE_CUSTOMERS,
        "retrieve": Power.SEE_CUSTOMERS,
        "reveal": Power.REVEAL_CUSTOMERS,
    }

    @property
    def fragment(self) -> str:
        return FRAGMENTS[self.action]

    @extend_schema(
        request=serializers.RevealRequestSerializer, responses={200: serializers.RevealedSerializer}
    )
    @action(detail=True, methods=["post"], throttle_classes=[RevealThrottle])
    def reveal(self, request: Request, **kwargs: Any) -> Response:
        """Answer personal data in full. Who asked, for what and why is kept on record, for good."""
        asked = serializers.RevealRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        assert isinstance(request.user, User)  # noqa: S101  (HasPower refuses everybody else)
        customer = self.get_object()
        values = privacy.reveal(customer=customer, by=request.user, **asked.validated_data)
        return Response({"idpel": customer.idpel, "values": values})
