"""From where, and by whom, the present work was asked for: known inside a request, empty in commands and workers."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def origin_of(request: HttpRequest) -> Iterator[None]:
    """Makes a request the origin of everything done inside the block."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def current_source() -> str:
    """The address of the present request, or nothing."""
    request = _request.get()
    return source_of(request) if request else ""


def current_actor_id() -> int | None:
    """The signed-in user of the present request, if any."""
    user = getattr(_request.get(), "user", None)
    return user.pk if user is not None and user.is_authenticated else None


def current_service_key() -> str:
    """The prefix of the service key that the present request came with, if any."""
    return str(getattr(_request.get(), "service_key", ""))


def source_of(request: HttpRequest) -> str:
    """The client's address. What `X-Forwarded-For` says counts only as far as own proxies wrote it.

    Where they wrote none, it is that of the last proxy: limits then hold for all behind it, and not for nobody.
    """
    hops = settings.FORWARDED_FOR_HOPS
    told = request.headers.get("X-Forwarded-For", "").split(",")
    client = _address(told[-hops]) if hops and len(told) >= hops else ""
    return client or _address(request.META.get("REMOTE_ADDR") or "")


def _address(written: str) -> str:
    """The address in what a proxy wrote, without port and zone, an IPv4 one as such; nothing if there is none."""
    bare = written.strip().partition("%")[0]
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
