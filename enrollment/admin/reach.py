"""Whose rows somebody on the staff may change."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from enrollment.models import User
from enrollment.selectors import user_of

Row = TypeVar("Row", bound=Model)


def within_reach(user: User, rows: QuerySet[Row], *, owner: str = "") -> QuerySet[Row]:
    """Those that `user` may change: whoever has all rights is out of reach of everybody who has not.

    Otherwise who may set passwords, addresses or second factors could sign in with all rights.
    """
    return rows if user.is_superuser else rows.exclude(**{f"{owner}is_superuser": True})


class OfPeople:
    """For pages of rows that belong to an account, which is at the end of the path `owner`."""

    owner = "user__"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._reaches(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._reaches(request, obj)  # type: ignore[misc]

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """What is chosen and out of reach stays as it is."""
        return super().response_action(  # type: ignore[misc]
            request, within_reach(user_of(request), queryset, owner=self.owner)
        )

    def _reaches(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return True
        row = type(obj)._default_manager.filter(pk=obj.pk)
        return within_reach(user_of(request), row, owner=self.owner).exists()
