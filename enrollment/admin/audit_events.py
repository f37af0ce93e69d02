from django.contrib import admin
from unfold.decorators import display

from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models import AuditEvent, ModelVersion, User


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, when and from where. Read only, for superusers as well."""

    list_display = ("created_at", "action", "coloured_outcome", "actor", "subject", "source", "reason")
    list_filter = ("action", "outcome", "created_at")
    search_fields = ("actor_id", "subject_id", "object_id", "source")
    date_hierarchy = "created_at"
    fields = (
        "created_at",
        "action",
        "outcome",
        "actor",
        "service_key",
        "source",
        "subject",
        "object_id",
        "version",
        "details",
    )

    @display(description="Outcome", ordering="outcome", label={"success": "success", "refused": "danger"})
    def coloured_outcome(self, event: AuditEvent) -> tuple[str, str]:
        return event.outcome, event.get_outcome_display()

    @display(description="Account", ordering="actor_id")
    def actor(self, event: AuditEvent) -> str:
        return _name(event.actor_id)

    @display(description="Subject", ordering="subject_id")
    def subject(self, event: AuditEvent) -> str:
        owner = User.objects.filter(subject=event.subject_id).first() if event.subject_id else None
        return str(owner or event.subject_id or "-")

    @display(description="Model version")
    def version(self, event: AuditEvent) -> str:
        return str(
            ModelVersion.objects.filter(pk=event.model_version_id or 0).first()
            or event.model_version_id
            or "-"
        )

    @display(description="Why")
    def reason(self, event: AuditEvent) -> str:
        told = (
            event.details.get("reason")
            or event.details.get("change")
            or ", ".join(event.details.get("reasons", []))
        )
        learned = ", ".join(event.details.get("learned_by", []))
        return told or (f"learned by {learned}" if learned else event.details.get("purpose", "-"))


def _name(user_id: int | None) -> str:
    return str(User.objects.filter(pk=user_id or 0).first() or user_id or "-")
