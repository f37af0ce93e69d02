"""Requests that the site sends to addresses people typed: never into its own network, never for long.

The name is resolved here, each address it stands for is checked, and the connection goes to a checked address: a name
that resolves differently a moment later changes nothing. Redirects are not followed, proxies of the environment are not
asked, and of the answer nothing but the status is read.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import httpcore
import httpx
from django.conf import settings

from enrollment.errors import OutboundFailed, OutboundRefused

SECONDS = 5.0
LONGEST_URL = 500
# IPv6 ranges in which the last 32 bits are an IPv4 address that a gateway would connect to.
TRANSLATED = [ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")]
# All public IPv6 there is; what lies beside it may be routed inside, though no list calls it private.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def post(url: str, *, headers: dict[str, str], body: bytes, seconds: float = SECONDS) -> int:
    """Posts and answers the status. Raises OutboundRefused or OutboundFailed.

    The seconds are for all of it together, from when the name is resolved.
    """
    target = url_checked(url)
    backend = GuardedBackend(seconds)
    at = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=backend) as pool,
            pool.stream("POST", at, headers=list(headers.items()), content=body) as response,
        ):
            return response.status
    except httpcore.TimeoutException as error:
        raise OutboundFailed(f"No answer within {seconds:g} seconds.", code="timeout") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise OutboundFailed(str(error)[:200] or "The connection failed.") from error


def url_checked(url: str) -> httpx.URL:
    """The parsed address, or OutboundRefused: not https, a user name in it, too long, or no address at all."""
    try:
        target = httpx.URL(url)
        host = target.host  # decoded when it is asked for
    except (httpx.InvalidURL, UnicodeError) as error:
        raise OutboundRefused("This is not an address.", code="bad_url") from error
    schemes = {"https", "http"} if settings.WEBHOOK_PRIVATE_RECEIVERS else {"https"}
    if target.scheme not in schemes or not host:
        raise OutboundRefused("The address must begin with https://", code="not_https")
    if target.userinfo or target.fragment or len(url) > LONGEST_URL:
        raise OutboundRefused(
            f"Expected at most {LONGEST_URL} characters, without user name, password or #.", code="bad_url"
        )
    literal = _literal(host)
    if literal is not None:
        check_addresses([literal])
    return target


def check_addresses(addresses: Iterable[str]) -> None:
    """Raises OutboundRefused if any of them is not one the site may connect to."""
    for text in addresses:
        address = _real(ipaddress.ip_address(text))
        if not _is_allowed(address):
            raise OutboundRefused(f"{address} is not a public address.", code="private_address")


def _is_allowed(address: Address) -> bool:
    """Public ones; with WEBHOOK_PRIVATE_RECEIVERS the own network too, but never link-local (cloud metadata)."""
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return False
    public = address.is_global and (address.version == 4 or address in GLOBAL_UNICAST)
    return public or bool(settings.WEBHOOK_PRIVATE_RECEIVERS)


def _real(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    translated = any(address in network for network in TRANSLATED) and not address.is_loopback
    return inner or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if translated else address)


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The usual authorities, or those of SSL_CERT_FILE."""
    return httpx.create_ssl_context()


class GuardedBackend(httpcore.SyncBackend):
    """Connects to checked addresses only, and keeps one deadline for everything that is read and written."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port)
        check_addresses(addresses)
        deadline = time.monotonic() + self.seconds
        stream = self._connect_any(addresses, port, deadline, socket_options)
        return DeadlineStream(stream, deadline)

    def _connect_any(self, addresses: list[str], port: int, deadline: float, options: Any) -> Any:
        """The first address that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                left = _left(deadline, httpcore.ConnectTimeout)
                return super().connect_tcp(address, port, timeout=left, socket_options=options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved.") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _left(deadline: float, error: type[httpcore.TimeoutException]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise error("deadline")
    return left


class DeadlineStream(httpcore.NetworkStream):
    """A connection on which single waits add up: who sends one byte a second is cut off as well."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float):
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=_left(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=_left(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname=server_hostname, timeout=left)
        return DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
