"""How a backend says who it is: `X-API-Key`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from enrollment.models import ServiceKey

HEADER = "X-API-Key"


class ServiceUser:
    """Stands where a request has its user. It is nobody's account: `user_of(request)` refuses it."""

    is_authenticated = True
    is_anonymous = is_active = is_staff = is_superuser = False
    pk = id = None

    def __init__(self, key: ServiceKey) -> None:
        self.key = key

    def __str__(self) -> str:
        return str(self.key)

    def has_perm(self, *_: object) -> bool:
        return False

    def get_username(self) -> str:
        return str(self.key)


class ServiceKeyAuthentication(BaseAuthentication):
    """A request with the header is that key's or nobody's: it never falls back to cookies.

    A key opens nothing but endpoints that name a `scope`: whatever is made for people stays closed, also where anybody
    may come in.
    """

    def authenticate(self, request: Request) -> tuple[ServiceUser, ServiceKey] | None:
        secret = request.headers.get(HEADER)
        if secret is None:
            return None
        key = ServiceKey.objects.by_secret(secret)
        if key is None:
            raise AuthenticationFailed("This key is not valid.")
        if not getattr(request.parser_context["view"], "scope", ""):
            raise PermissionDenied("Service keys do not open this.")
        key.touch()
        request._request.service_key = key.prefix  # type: ignore[attr-defined]  # for the audit log
        return ServiceUser(key), key

    def authenticate_header(self, request: Request) -> str:
        return "ServiceKey"
