from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display

from enrollment.admin.read_only import ReadOnlyAdmin
from verification import policy
from verification.models import FailureCount, Source
from verification.services import failure_count_reset, failures_reset, source_unblock


@admin.register(FailureCount)
class FailureCountAdmin(ReadOnlyAdmin):
    """Who is locked out of signing in by face. Logins that name nobody are counted too."""

    list_display = ("who", "failures", "state", "last_failed_at", "locked_until")
    list_filter = (("user", admin.EmptyFieldListFilter), "last_failed_at")
    search_fields = ("user__username",)
    list_select_related = ("user",)
    ordering = ("-last_failed_at",)
    fields = ("who", "failures", "state", "last_failed_at", "locked_until")
    actions = ("unlock",)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verification.change_failurecount")

    @action(description="Unlock sign-in by face", permissions=["unlock"])
    def unlock(self, request: HttpRequest, counts: QuerySet[FailureCount]) -> None:
        users = {count.user for count in counts.select_related("user") if count.user}
        for user in users:
            failures_reset(user)
        others = [count for count in counts if not count.user_id]
        for count in others:
            failure_count_reset(count)
        total = len(users) + len(others)
        messages.success(request, f"{total} account{'' if total == 1 else 's'} unlocked.")

    @display(description="Account", ordering="user__username")
    def who(self, count: FailureCount) -> str:
        return str(count.user or "a login as typed, or a subject without an account")

    @display(
        description="State",
        label={"off": "danger", "locked": "warning", "open": "success"},
        ordering="failures",
    )
    def state(self, count: FailureCount) -> tuple[str, str]:
        if count.is_off:
            return "off", "Off"
        return ("locked", "Locked") if count.is_locked else ("open", "Open")


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Addresses that failures came from in the last day."""

    list_display = ("network", "state", "failures_last_minute", "accounts_last_day", "last_failed_at")
    list_filter = (("blocked_at", admin.EmptyFieldListFilter), "last_failed_at")
    search_fields = ("network",)
    fields = (
        "network",
        "state",
        "failures_last_minute",
        "accounts_last_day",
        "last_failed_at",
        "blocked_until",
    )
    actions = ("unblock",)

    def has_unblock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verification.change_source")

    @action(description="Unblock", permissions=["unblock"])
    def unblock(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        for source in sources:
            source_unblock(source)
        messages.success(request, "Unblocked.")

    @display(description="State", label={"blocked": "danger", "open": "success"})
    def state(self, source: Source) -> tuple[str, str]:
        return ("blocked", "Blocked") if source.blocked_until else ("open", "Open")

    @display(description="Failures in the last minute")
    def failures_last_minute(self, source: Source) -> int:
        return source.failures_since(policy.SOURCE_FAILURES_WITHIN).count()

    @display(description="Accounts in the last day")
    def accounts_last_day(self, source: Source) -> int:
        return source.failures_since(policy.SOURCE_BLOCKED_FOR).values("account_key").distinct().count()
