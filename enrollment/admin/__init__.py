"""Admin pages of enrollment."""

from enrollment.admin.model_versions import ModelVersionAdmin
from enrollment.admin.people import SampleAdmin, SubjectAdmin, TemplateAdmin, UserAdmin

__all__ = ["ModelVersionAdmin", "SampleAdmin", "SubjectAdmin", "TemplateAdmin", "UserAdmin"]
