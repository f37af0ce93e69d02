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
from enrollment.admin.reach import OfPeople, within_reach
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models import User
from enrollment.selectors import user_of
from enrollment.services import AccountChange, account_change_record

# The models come from the library's admin modules, so that these have registered what is taken off here.
admin.site.unregister([EmailAddress, Authenticator, UserSession])


@admin.register(UserSession)
class UserSessionAdmin(OfPeople, ReadOnlyAdmin):
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
class AuthenticatorAdmin(OfPeople, SiteAdmin):
    """Second factors: for whoever lost theirs, they can be removed."""

    logged_as = "second factor"
    list_display = ("user", "type", "created_at", "last_used_at")
    fields = list_display
    search_fields = ("user__username",)
    list_filter = ("type",)
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        super().delete_model(request, obj)
        account_change_record(obj.user, AccountChange.SECOND_FACTOR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for factor in queryset:
            self.delete_model(request, factor)


@admin.register(EmailAddress)
class EmailAddressAdmin(OfPeople, LibraryEmailAddressAdmin, SiteAdmin):
    """Where somebody's mails go. Whoever gets, changes or loses an address is told, at the old one too."""

    logged_as = "address"
    raw_id_fields = ()
    autocomplete_fields = ("user",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """What the list shows; the library would look at the rest of the account as well."""
        return "email", "user__username"

    def get_readonly_fields(self, request: HttpRequest, obj: EmailAddress | None = None) -> tuple[str, ...]:
        """An address never goes over to somebody else."""
        return ("user",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        people = within_reach(user_of(request), User.objects.all())
        return super().formfield_for_foreignkey(db_field, request, queryset=people, **kwargs)

    def save_model(self, request: HttpRequest, obj: EmailAddress, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            account_change_record(obj.user, AccountChange.ADDRESS, also_to=form.initial.get("email", ""))

    def delete_model(self, request: HttpRequest, obj: EmailAddress) -> None:
        super().delete_model(request, obj)
        account_change_record(obj.user, AccountChange.ADDRESS, also_to=obj.email)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        for address in queryset:
            self.delete_model(request, address)

    @action(description="Mark as verified", permissions=["change"])
    def make_verified(self, request: HttpRequest, addresses: QuerySet[EmailAddress]) -> None:
        unverified = [address.pk for address in addresses.filter(verified=False)]
        super().make_verified(request, addresses)
        for address in EmailAddress.objects.filter(pk__in=unverified, verified=True).select_related("user"):
            account_change_record(address.user, AccountChange.ADDRESS)
