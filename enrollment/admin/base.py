"""What all pages of the admin have in common."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.admin.filters import FieldListFilter
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from unfold.admin import ModelAdmin

from enrollment.reauthentication import fresh_required
from enrollment.selectors import user_of

fresh = partial(fresh_required, resumes=False)


@method_decorator(fresh, name="changelist_view")
@method_decorator(fresh, name="changeform_view")
@method_decorator(fresh, name="delete_view")
class SiteAdmin(ModelAdmin):
    """Whoever changes something has just shown who they are, and lists tell nothing but what stands in them."""

    logged_as = ""  # what rows are called that a name would tell of

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the list offers: by any other column, how many rows are left would spell that column out."""
        return not {lookup, f"{lookup}__exact"}.isdisjoint(self._offered(request))

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are chosen by their key, which their address tells anyway."""
        return to_field in {self.opts.pk.name, self.opts.pk.attname}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What a library's action does is a change, also where it asks for no permission."""
        changes = self.has_change_permission(request)
        return {
            name: entry
            for name, entry in super().get_actions(request).items()
            if changes or hasattr(entry[0], "allowed_permissions")
        }

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._log(request, [obj], ADDITION, message)[0]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._log(request, [obj], CHANGE, message)[0]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> list[LogEntry]:
        return self._log(request, queryset, DELETION, "")

    def _log(self, request: HttpRequest, rows: Iterable[Model], flag: int, message: Any) -> list[LogEntry]:
        """The admin's own log, which outlives what it tells of: rows of people stand there by number alone."""
        kind = ContentType.objects.get_for_model(self.model, for_concrete_model=False)
        entries = [
            LogEntry(
                user_id=user_of(request).pk,
                content_type=kind,
                object_id=row.pk,
                object_repr=f"{self.logged_as} {row.pk}" if self.logged_as else str(row)[:200],
                action_flag=flag,
                change_message=message if isinstance(message, str) else json.dumps(message),
            )
            for row in rows
        ]
        return LogEntry.objects.bulk_create(entries)

    def _offered(self, request: HttpRequest) -> set[str]:
        """The parameters that the filters and the dates of the list ask with."""
        dates = [f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day") if self.date_hierarchy]
        return {
            *dates,
            *(asked for one in self.get_list_filter(request) for asked in self._asked(one, request)),
        }

    def _asked(self, offered: Any, request: HttpRequest) -> list[str]:
        """What one entry of `list_filter` asks with: a class, a field, or a field and its class."""
        if callable(offered):
            return list(offered(request, {}, self.model, self).expected_parameters())
        path, make = (offered, FieldListFilter.create) if isinstance(offered, str) else offered
        field = get_fields_from_path(self.model, path)[-1]
        one = make(field, request, {}, self.model, self, field_path=path)
        return list(one.expected_parameters())
