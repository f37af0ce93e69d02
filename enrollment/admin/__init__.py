"""Admin pages of enrollment."""

from enrollment.admin.accounts import AuthenticatorAdmin, EmailAddressAdmin, UserSessionAdmin
from enrollment.admin.audit_events import AuditEventAdmin
from enrollment.admin.duplicate_flags import DuplicateFlagAdmin
from enrollment.admin.model_versions import ModelVersionAdmin
from enrollment.admin.people import SampleAdmin, SubjectAdmin, TemplateAdmin, UserAdmin
from enrollment.admin.periodic_tasks import CrontabScheduleAdmin, PeriodicTaskAdmin
from enrollment.admin.service_keys import ServiceKeyAdmin
from enrollment.admin.training_runs import TrainingRunAdmin
from enrollment.admin.webhook_deliveries import WebhookDeliveryAdmin
from enrollment.admin.webhooks import WebhookEndpointAdmin

__all__ = [
    "AuditEventAdmin",
    "AuthenticatorAdmin",
    "CrontabScheduleAdmin",
    "DuplicateFlagAdmin",
    "EmailAddressAdmin",
    "ModelVersionAdmin",
    "PeriodicTaskAdmin",
    "SampleAdmin",
    "ServiceKeyAdmin",
    "SubjectAdmin",
    "TemplateAdmin",
    "TrainingRunAdmin",
    "UserAdmin",
    "UserSessionAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
