from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display

from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.errors import IllegalTransition
from enrollment.models import DuplicateFlag
from enrollment.models.model_version import bulk_of
from enrollment.services import duplicate_resolve


@admin.register(DuplicateFlag)
class DuplicateFlagAdmin(ReadOnlyAdmin):
    """Pairs that look like one person: two accounts of somebody, twins, or a threshold set too low."""

    list_display = ("subject", "other", "score", "coloured_state", "model_version", "created_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "created_at", "model_version")
    search_fields = ("subject__user__username", "other__user__username")
    list_select_related = ("subject__user", "other__user", "model_version")
    fields = ("subject", "other", "score", "model_version", "created_at", "resolved_at")
    actions = ("resolve",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicateFlag]:
        return super().get_queryset(request).defer(*bulk_of("model_version"))

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("enrollment.change_duplicateflag")

    @action(description="Mark as resolved", permissions=["resolve"])
    def resolve(self, request: HttpRequest, flags: QuerySet[DuplicateFlag]) -> None:
        resolved = 0
        for flag in flags:
            try:
                duplicate_resolve(flag)
            except IllegalTransition:
                continue  # somebody else was faster
            resolved += 1
        messages.success(request, f"{resolved} pair{'' if resolved == 1 else 's'} marked as resolved.")

    @display(description="Similarity", ordering="similarity")
    def score(self, flag: DuplicateFlag) -> str:
        return f"{flag.similarity:.3f}"

    @display(description="State", label={"open": "warning", "resolved": "success"})
    def coloured_state(self, flag: DuplicateFlag) -> tuple[str, str]:
        return ("resolved", "Resolved") if flag.resolved_at else ("open", "Open")
