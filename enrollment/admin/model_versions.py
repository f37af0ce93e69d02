import json

from django.contrib import admin
from django.utils.html import format_html
from unfold.decorators import display

from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "network", "coloured_state", "activated_at", "short_digest")
    fields = ("name", "network", "state", "digest", "created_at", "activated_at", "figures")
    readonly_fields = fields

    @display(description="State", ordering="state", label={"active": "success", "candidate": "info"})
    def coloured_state(self, version: ModelVersion) -> tuple[str, str]:
        return version.state, version.get_state_display()

    @display(description="Digest")
    def short_digest(self, version: ModelVersion) -> str:
        return version.digest[:12]

    @display(description="Figures")
    def figures(self, version: ModelVersion) -> str:
        return format_html("<pre>{}</pre>", json.dumps(version.report, indent=2))
