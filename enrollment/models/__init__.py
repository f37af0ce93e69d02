"""What the site knows of people, and the models that recognise them."""

from enrollment.models.audit_event import AuditEvent
from enrollment.models.consent import Consent
from enrollment.models.duplicate_flag import DuplicateFlag
from enrollment.models.heartbeat import Heartbeat
from enrollment.models.model_version import ModelVersion
from enrollment.models.people_set import PeopleSet
from enrollment.models.promotion import Promotion
from enrollment.models.sample import Sample
from enrollment.models.service_key import ServiceKey
from enrollment.models.stored_answer import StoredAnswer
from enrollment.models.subject import Subject
from enrollment.models.subject_import import ImportedPicture, SubjectImport
from enrollment.models.template import Template
from enrollment.models.training_run import TrainingRun
from enrollment.models.user import User
from enrollment.models.webhook_delivery import WebhookDelivery
from enrollment.models.webhook_endpoint import WebhookEndpoint

__all__ = [
    "AuditEvent",
    "Consent",
    "DuplicateFlag",
    "Heartbeat",
    "ImportedPicture",
    "ModelVersion",
    "PeopleSet",
    "Promotion",
    "Sample",
    "ServiceKey",
    "StoredAnswer",
    "Subject",
    "SubjectImport",
    "Template",
    "TrainingRun",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
]
