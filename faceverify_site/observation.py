"""One line in the log and one figure in the metrics for every request."""

import logging
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from enrollment.metrics import HTTP_REQUEST
from faceverify_site.logs import view_of

logger = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Asked every few seconds, by machines: counted, but no line each.
QUIET = {"healthz", "readyz", "metrics"}


class ObservationMiddleware:
    """Comes after the one that gives the request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=getattr(request, "request_id", "-")):
            response = self.get_response(request)
            _observe(request, response, time.perf_counter() - begin)
        return response


def _observe(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    view = view_of(request)
    method = request.method if request.method in METHODS else "OTHER"  # anybody can make words up
    status = response.status_code
    HTTP_REQUEST.labels(view, method, status).observe(seconds)
    if view not in QUIET:
        ms = round(1000 * seconds, 1)
        fields = {"view": view, "method": method, "status": status, "ms": ms}
        logger.info("%s %s %s, %s ms", method, view, status, ms, extra=fields)
