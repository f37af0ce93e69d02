from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from enrollment.admin.base import SiteAdmin, fresh
from enrollment.admin.reach import OfPeople
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models import Sample, Subject, Template, User
from enrollment.models.model_version import bulk_of
from enrollment.selectors import user_of
from enrollment.services import AccountChange, account_change_record, user_erase

admin.site.unregister(Group)
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
STATE_COLOURS = {"accepted": "success", "pending": "info", "rejected": "warning"}


class PasswordForm(AdminPasswordChangeForm):
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        account_change_record(user, AccountChange.PASSWORD)
        return user


@admin.register(User)
@method_decorator(fresh, name="user_change_password")
class UserAdmin(OfPeople, DjangoUserAdmin, SiteAdmin):  # type: ignore[type-arg, misc]
    """Accounts and passwords; rights are given by superusers alone."""

    owner, logged_as = "", "account"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = PasswordForm

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if user_of(request).is_superuser else (*fixed, *RIGHTS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            account_change_record(obj, AccountChange.ADDRESS, also_to=form.initial["email"])

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The face goes with the account: that its rows cannot be deleted one by one does not stand in the way."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        user_erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            user_erase(user)


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "accepted_anchors", "created_at")
    search_fields = ("user__username", "user__email__iexact", "external_id", "public_id")
    readonly_fields = ("user", "external_id", "public_id", "accepted_anchors", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subject]:
        accepted = Count("samples", filter=Q(samples__state=Sample.State.ACCEPTED))
        return super().get_queryset(request).select_related("user").annotate(accepted=accepted)

    @display(description="Anchors", ordering="accepted")
    def accepted_anchors(self, subject: Any) -> int:
        return subject.accepted


@admin.register(Sample)
class SampleAdmin(ReadOnlyAdmin):
    """Faces themselves are not shown: staff need the outcome, not the picture."""

    list_display = ("subject", "coloured_state", "why", "created_at", "decided_at")
    list_filter = ("state", "created_at")
    search_fields = ("subject__user__username", "id")
    fields = ("id", "subject", "state", "why", "quality", "tries", "created_at", "decided_at")
    readonly_fields = fields
    list_select_related = ("subject__user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sample]:
        return super().get_queryset(request).defer("sealed_crop")

    @display(description="State", ordering="state", label=STATE_COLOURS)
    def coloured_state(self, sample: Sample) -> tuple[str, str]:
        return sample.state, sample.get_state_display()

    @display(description="Reasons")
    def why(self, sample: Sample) -> str:
        return " ".join(sample.reason_messages) or "-"


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ("subject", "model_version", "quality", "created_at")
    list_filter = ("model_version",)
    search_fields = ("sample__subject__user__username",)
    fields = ("sample", "model_version", "quality", "created_at")
    list_select_related = ("sample__subject__user", "model_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        return super().get_queryset(request).defer("sealed_embedding", *bulk_of("model_version"))

    @display(description="Subject")
    def subject(self, template: Template) -> Subject:
        return template.sample.subject
