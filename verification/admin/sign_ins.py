from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from unfold.decorators import display

from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models.model_version import bulk_of
from verification import policy
from verification.admin.drift import drift
from verification.models import Attempt, VerificationSession


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Every try, with the score and threshold that nobody but staff may see."""

    list_display = (
        "who",
        "outcome",
        "similarity",
        "threshold",
        "anchors",
        "rule",
        "model_version",
        "source",
        "created_at",
    )
    list_filter = ("decision", "state", "session__purpose", "created_at", "rule", "model_version")
    search_fields = ("subject__user__username", "session__source")
    date_hierarchy = "created_at"
    list_select_related = ("subject__user", "session__user", "model_version")
    fields = (
        "who",
        "purpose",
        "state",
        "decision",
        "reason",
        "liveness",
        "attack_hint",
        "score",
        "threshold",
        "anchors",
        "rule",
        "model_version",
        "source",
        "created_at",
        "decided_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).defer("sealed_probe", *bulk_of("model_version"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(drift)
        return [path("drift/", page, name="verification_attempt_drift"), *super().get_urls()]

    @display(description="Looks like a screen or print", ordering="attack_probability")
    def attack_hint(self, attempt: Attempt) -> str:
        if attempt.attack_probability is None:
            return "-"
        verdict = "yes" if attempt.attack_probability >= policy.ATTACK_HINT_FROM else "no"
        return f"{verdict}, {attempt.attack_probability:.2f}. {Attempt._meta.get_field('attack_probability').help_text}"

    @display(description="Similarity", ordering="similarity")
    def score(self, attempt: Attempt) -> str:
        return "-" if attempt.similarity is None else f"{attempt.similarity:.3f}"

    @display(description="Account")
    def who(self, attempt: Attempt) -> str:
        return str(attempt.session.user or "unknown account")

    @display(description="Purpose")
    def purpose(self, attempt: Attempt) -> str:
        return attempt.session.get_purpose_display()

    @display(description="Source")
    def source(self, attempt: Attempt) -> str:
        return attempt.session.source or "-"

    @display(
        description="Outcome",
        label={"match": "success", "non_match": "danger", "void": "warning", "pending": "info"},
    )
    def outcome(self, attempt: Attempt) -> tuple[str, str]:
        if attempt.decision:
            return attempt.decision, attempt.get_decision_display()
        return attempt.state, attempt.reason or attempt.get_state_display()


@admin.register(VerificationSession)
class VerificationSessionAdmin(ReadOnlyAdmin):
    list_display = ("who", "purpose", "state", "reason", "source", "created_at", "finished_at")
    list_filter = ("purpose", "state", "created_at")
    search_fields = ("user__username", "source")
    list_select_related = ("user",)
    fields = (
        "who",
        "purpose",
        "state",
        "reason",
        "source",
        "created_at",
        "expires_at",
        "finished_at",
        "consumed_at",
    )

    @display(description="Account")
    def who(self, session: VerificationSession) -> str:
        return str(session.user or "unknown account")
