"""How often one caller may ask. These spare the machine; what stops guessing is counted in the database.

Counted in each web process's own memory, so that no cache's absence takes the API down: with N processes up to N times
as much gets through.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from enrollment.api.callers import caller_of
from enrollment.origin import source_of

if TYPE_CHECKING:  # the views themselves look for their throttles
    from rest_framework.views import APIView


class RateThrottle(SimpleRateThrottle):
    """Takes its rate from the setting API_RATES, by scope."""

    cache = caches["throttles"]

    def get_rate(self) -> str:
        return str(settings.API_RATES[self.scope or ""])

    def caller(self, request: Request) -> str:
        """Whom to count; nobody where it is empty."""
        raise NotImplementedError

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        caller = self.caller(request)
        return f"{self.scope}:{caller}" if caller else None


class PersonThrottle(RateThrottle):
    """Counts each account, app and browser."""

    scope = "person"

    def caller(self, request: Request) -> str:
        caller = caller_of(request)
        return "" if caller.startswith("key:") else caller


class ServiceKeyThrottle(RateThrottle):
    """Counts each service key."""

    scope = "service_key"

    def caller(self, request: Request) -> str:
        caller = caller_of(request)
        return caller if caller.startswith("key:") else ""


class AnonymousThrottle(RateThrottle):
    """Counts each address that nobody signed in from: apps and browsers are made up at will there."""

    scope = "anonymous"

    def caller(self, request: Request) -> str:
        return "" if request.user.is_authenticated else source_of(request)


class RefusedThrottle(RateThrottle):
    """Counts each address that sends keys and tokens which are not valid, or none where one is needed."""

    scope = "anonymous"

    def caller(self, request: Request) -> str:
        return source_of(request)
