"""What a service key's scopes and a staff member's permissions let them do."""

from django.core.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from enrollment.models import ServiceKey, User
from enrollment.models.service_key import Scope
from enrollment.selectors import user_of

# The permission that stands for a scope in a staff member's session. Subjects without accounts are for keys alone.
PERMISSIONS: dict[str, str] = {
    Scope.IDENTIFY: "verification.add_identification",
    Scope.SCORES: "verification.view_scores",
}


def has_scope(request: Request, scope: str) -> bool:
    """Whether the key has the scope, or the signed-in staff member the permission that stands for it."""
    if isinstance(request.auth, ServiceKey):
        return scope in request.auth.scopes
    permission = PERMISSIONS.get(scope, "")
    return bool(permission and request.user.is_staff and request.user.has_perm(permission))


def key_of(request: Request) -> ServiceKey:
    """The service key of a request; raises PermissionDenied for people."""
    if not isinstance(request.auth, ServiceKey):
        raise PermissionDenied
    return request.auth


def asker_of(request: Request) -> User | ServiceKey:
    """The account or the service key that asks; raises PermissionDenied for anybody else."""
    return request.auth if isinstance(request.auth, ServiceKey) else user_of(request)


class HasScope(BasePermission):
    """The view's `scope`, by key or as staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return has_scope(request, getattr(view, "scope", ""))


class IsPersonOrHasScope(BasePermission):
    """Anybody with an account, or a key with the view's `scope`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) or has_scope(request, getattr(view, "scope", ""))
