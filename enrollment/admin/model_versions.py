from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action, display
from unfold.widgets import UnfoldBooleanSwitchWidget

from enrollment.admin.confirmation import confirm
from enrollment.admin.figures import plain_words, refusals
from enrollment.admin.plots import det_plot, scores_plot
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.errors import DomainError
from enrollment.models import ModelVersion, Promotion
from enrollment.models.promotion import lacking_samples, roll_back_version
from enrollment.selectors import user_of
from enrollment.services import model_version_promote, model_version_roll_back, promotion_cancel

State = ModelVersion.State


class LooserForm(forms.Form):
    accepts_looser = forms.BooleanField(
        label="I accept a looser threshold",
        help_text="Faces may pass that the active version turns down.",
        widget=UnfoldBooleanSwitchWidget,
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """What each version can do, and the buttons that change which one is active."""

    list_display = ("name", "network", "coloured_state", "activated_at", "short_digest")
    list_filter = ("state", "network")
    fieldsets = (
        (None, {"fields": ("words", "verdict", "change")}),
        ("Compared with the champion", {"fields": ("error_rates", "champion_scores", "challenger_scores")}),
        (
            "Artifact",
            {
                "fields": (
                    "name",
                    "network",
                    "state",
                    "whole_digest",
                    "learned_from",
                    "created_at",
                    "activated_at",
                )
            },
        ),
    )
    readonly_fields = tuple(field for _, part in fieldsets for field in part["fields"])
    actions_detail = ("promote", "roll_back", "call_off")

    class Media:
        js = ("js/admin_live.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).defer("lineage")

    def has_promote_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.can_promote")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the buttons that mean something for this version as it is."""
        version = self.get_object(request, object_id)
        shown = {name for name, fits in _fitting(version).items() if fits} if version else set()
        return [one for one in super().get_actions_detail(request, object_id) if _name_of(one) in shown]

    @action(description="Promote", url_path="promote", icon="arrow_upward", permissions=["promote"])
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version, active = self._version(object_id), _active()
        looser = version.is_looser
        missing = lacking_samples(version).count()
        words = [
            f"{missing:,} stored faces get a template of {version}, beside those in use. Sign-in goes on meanwhile.",
            f"Then everybody is compared under {version} instead of {active}, from one moment to the next.",
            f"{active} and its templates are kept, so that you can roll back with one click.",
        ]

        def act(_: dict[str, Any]) -> str:
            model_version_promote(version, actor=user_of(request), accepts_looser=looser)
            return f"{version} is being promoted."

        form = LooserForm(request.POST or None) if looser else None
        return confirm(
            request,
            title=f"Promote {version}",
            words=words,
            button="Promote",
            act=act,
            back=_page(version),
            form=form,
        )

    @action(description="Roll back", url_path="roll-back", icon="undo", permissions=["promote"])
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version, earlier = self._version(object_id), roll_back_version()
        words = [
            f"Everybody is compared under {earlier} instead of {version}, at once.",
            "Its templates are in place, also of people who enrolled since. A promotion under way is called off.",
        ]

        def act(_: dict[str, Any]) -> str:
            return f"{model_version_roll_back(version, actor=user_of(request)).version} is active again."

        return confirm(
            request,
            title=f"Roll back to {earlier}",
            words=words,
            button="Roll back",
            act=act,
            back=_page(version),
        )

    @action(
        description="Cancel promotion",
        url_path="call-off",
        icon="close",
        permissions=["promote"],
    )
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self._version(object_id)

        def act(_: dict[str, Any]) -> str:
            promotion = version.promotions.filter(state=Promotion.State.EMBEDDING).first()
            if promotion is None:
                raise DomainError("This promotion is over already.")
            promotion_cancel(promotion, actor=user_of(request))
            return f"The promotion of {version} was called off."

        return confirm(
            request,
            title=f"Cancel the promotion of {version}",
            words=["The version in use stays. Templates made so far are erased within the hour."],
            button="Cancel the promotion",
            act=act,
            back=_page(version),
        )

    @display(
        description="State",
        ordering="state",
        label={"active": "success", "candidate": "info", "refused": "danger", "training": "warning"},
    )
    def coloured_state(self, version: ModelVersion) -> tuple[str, str]:
        return version.state, version.get_state_display()

    @display(description="Digest")
    def short_digest(self, version: ModelVersion) -> str:
        return version.digest[:12]

    @display(description="Digest")
    def whole_digest(self, version: ModelVersion) -> SafeString:
        """With places where a narrow screen may break the line."""
        parts = (version.digest[start : start + 16] for start in range(0, len(version.digest), 16))
        return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))

    @display(description="What it can do")
    def words(self, version: ModelVersion) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in plain_words(version)))

    @display(description="The gate")
    def verdict(self, version: ModelVersion) -> SafeString | str:
        gate = version.report.get("gate")
        if gate is None:
            return "Registered by hand; no champion was to be beaten."
        if gate["passed"]:
            looser = version.report.get("looser_threshold")
            return "Passed." + (" Its threshold is looser than the champion's." if looser else "")
        return format_html_join("", "<p>{}</p>", ((reason,) for reason in refusals(version)))

    @display(description="Promotion")
    def change(self, version: ModelVersion) -> str:
        last = version.promotions.first()
        hindrance = version.hindrance() if version.state == State.CANDIDATE else None
        if hindrance is not None:
            return hindrance.detail
        if last is None:
            return "Never promoted."
        context = {"name": "promotion", "open": last.is_open, "percent": last.percent, "words": _told(last)}
        return render_to_string("admin/enrollment/progress.html", context)

    @display(description="Both models")
    def error_rates(self, version: ModelVersion) -> str:
        drawings = version.report.get("plots")
        return det_plot(drawings).render() if drawings else "Nothing was compared."

    @display(description="Scores of the champion")
    def champion_scores(self, version: ModelVersion) -> str:
        return _scores(version, "champion")

    @display(description="Scores of the challenger")
    def challenger_scores(self, version: ModelVersion) -> str:
        return _scores(version, "challenger")

    @display(description="Learned from")
    def learned_from(self, version: ModelVersion) -> str:
        people = len(version.lineage.get("subjects", {}))
        other = version.lineage.get("training_set")
        parts = [f"{people} people of this site"] if people else []
        parts += [f"the imported set {other['name']}"] if other else []
        return format_html("{}", " and ".join(parts) or "nobody of this site")

    def _version(self, object_id: str) -> ModelVersion:
        return ModelVersion.objects.get(pk=object_id)


def _fitting(version: ModelVersion) -> dict[str, bool]:
    """Which buttons fit a version's state."""
    is_coming = version.promotions.filter(state=Promotion.State.EMBEDDING).exists()
    return {
        "promote": version.hindrance() is None and not is_coming,
        "roll_back": version.state == State.ACTIVE and roll_back_version() is not None,
        "call_off": is_coming,
    }


def _name_of(one: Any) -> str:
    return str(one.action_name).rsplit("modelversion_", maxsplit=1)[-1]


def _active() -> ModelVersion | None:
    return ModelVersion.objects.filter(state=State.ACTIVE).first()


def _page(version: ModelVersion) -> str:
    return reverse("admin:enrollment_modelversion_change", args=[version.pk])


def _scores(version: ModelVersion, side: str) -> str:
    drawing = version.report.get("plots", {}).get(side)
    return scores_plot(f"Scores of the {side}", drawing).render() if drawing else "Nothing was compared."


def _told(promotion: Promotion) -> str:
    """How far a promotion is, in words."""
    if promotion.is_open:
        return f"{promotion.done:,} of {promotion.total:,} templates are made."
    if promotion.state == Promotion.State.FAILED:
        return f"Failed: {promotion.failure_detail} The version in use stayed."
    if promotion.state == Promotion.State.CANCELLED:
        return "The last promotion was called off."
    how = "Rolled back to" if promotion.is_roll_back else "Promoted"
    return f"{how} on {promotion.finished_at:%Y-%m-%d %H:%M}, instead of {promotion.previous}."
