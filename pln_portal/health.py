"""Whether the process lives, and whether it can serve. Without log-in, without details."""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from kombu import Connection


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, cache and broker answer, else 503 with the name of what does not."""
    checks = {"database": _database, "cache": _cache, "broker": _broker}
    results = {name: _works(check) for name, check in checks.items()}
    healthy = all(results.values())
    states = {name: "ok" if works else "down" for name, works in results.items()}
    status = "ok" if healthy else "down"
    return JsonResponse({"status": status, "checks": states}, status=200 if healthy else 503)


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # whatever is wrong, the answer is "down"
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    cache.set("health", "ok", 5)
    if cache.get("health") != "ok":
        raise ConnectionError("the cache forgets")


def _broker() -> None:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with Connection(settings.BROKER_URL, transport_options=options, connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
