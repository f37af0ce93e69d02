"""What belongs to accounts, as their library keeps it: without secrets, and in the site's theme."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.account.admin import EmailAddressAdmin as LibraryEmailAddressAdmin
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from unfold.decorators import action, display

from enrollment.admin.base import SiteAdmin
from enrollment.admin.read_only import ReadOnlyAdmin

# The models come from the library's admin modules, so that these have registered what is taken off here.
admin.site.unregister([EmailAddress, Authenticator, UserSession])


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Browsers and apps that are signed in."""

    list_display = ("user", "ip", "device", "created_at", "last_seen_at")
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    search_fields = ("user__username", "ip")
    list_filter = ("last_seen_at",)
    list_select_related = ("user",)
    ordering = ("-last_seen_at",)
    actions = ("end",)

    @display(description="Device")
    def device(self, session: UserSession) -> str:
        return Truncator(session.user_agent).chars(40)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("usersessions.delete_usersession")

    @action(description="Sign out", permissions=["end"])
    def end(self, request: HttpRequest, sessions: QuerySet[UserSession]) -> None:
        chosen = list(sessions)
        for session in chosen:
            session.end()
        messages.success(request, f"{len(chosen)} device{'' if len(chosen) == 1 else 's'} signed out.")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors: for whoever lost theirs, they can be removed."""

    list_display = ("user", "type", "created_at", "last_used_at")
    fields = list_display
    search_fields = ("user__username",)
    list_filter = ("type",)
    list_select_related = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("mfa.delete_authenticator")


@admin.register(EmailAddress)
class EmailAddressAdmin(LibraryEmailAddressAdmin, SiteAdmin):
    """Where somebody's mails go."""

    raw_id_fields = ()
    autocomplete_fields = ("user",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """What the list shows; the library would look at the rest of the account as well."""
        return "email", "user__username"
