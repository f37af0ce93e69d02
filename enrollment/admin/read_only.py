from typing import Any

from django.http import HttpRequest

from enrollment.admin.base import SiteAdmin


class ReadOnlyAdmin(SiteAdmin):
    """Shows rows that only services write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
