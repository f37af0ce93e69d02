"""Admin pages of enrollment."""

from enrollment.admin.duplicate_flags import DuplicateFlagAdmin
from enrollment.admin.model_versions import ModelVersionAdmin
from enrollment.admin.people import SampleAdmin, SubjectAdmin, TemplateAdmin, UserAdmin

__all__ = [
    "DuplicateFlagAdmin",
    "ModelVersionAdmin",
    "SampleAdmin",
    "SubjectAdmin",
    "TemplateAdmin",
    "UserAdmin",
]
