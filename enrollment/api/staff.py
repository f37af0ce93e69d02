"""Who of the staff may read about models, and who may change them."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from enrollment.api.base import ApiView
from enrollment.models import User
from enrollment.reauthentication import is_strong, require_fresh

CAN_PROMOTE, CAN_RETRAIN = "enrollment.can_promote", "enrollment.can_retrain"


class IsStaff(BasePermission):
    """Staff with the view's permission, in a session that more than a face opened.

    `reads` names the permissions of which one is enough to look, `changes` the one that it takes to change.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_staff or not is_strong(request):
            return False
        changes: str = getattr(view, "changes", "")
        reads: tuple[str, ...] = (*getattr(view, "reads", ()), changes)
        wanted = reads if request.method in SAFE_METHODS else (changes,)
        return any(user.has_perm(name) for name in wanted)


class StaffView(ApiView):
    """Base of what staff do with models. Whoever changes something has just shown who they are."""

    permission_classes = (IsStaff,)
    reads: tuple[str, ...] = ()
    changes = ""

    def check_permissions(self, request: Request) -> None:
        """Raises ReauthenticationNeeded beside what the base raises."""
        super().check_permissions(request)
        if request.method not in SAFE_METHODS:
            require_fresh(request)
