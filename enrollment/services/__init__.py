"""Writes of enrollment. Views, API, admin and commands call these and nothing below them."""

from enrollment.services.accounts import AccountChange, account_change_record
from enrollment.services.archives import Entry, archive_read
from enrollment.services.audit import audit_record
from enrollment.services.consents import consent_withdraw, consents_give
from enrollment.services.duplicates import duplicate_resolve
from enrollment.services.external_ids import EXTERNAL_ID
from enrollment.services.files import models_orphans_erase, orphans_erase
from enrollment.services.imports import subjects_import
from enrollment.services.key_rotation import keys_rotate
from enrollment.services.model_versions import model_version_register
from enrollment.services.people_sets import people_set_create
from enrollment.services.promotions import (
    model_version_promote,
    model_version_roll_back,
    promotion_cancel,
)
from enrollment.services.samples import face_erase, sample_delete, sample_submit, samples_wait, user_erase
from enrollment.services.schedules import retraining_schedule_prepare
from enrollment.services.service_keys import service_key_create, service_key_revoke, service_key_rotate
from enrollment.services.subject_erase import account_erase, subject_erase
from enrollment.services.subject_export import account_export, subject_export
from enrollment.services.subjects import subject_consents_set, subject_create, subject_delete
from enrollment.services.training_runs import training_run_cancel, training_run_request
from enrollment.services.uploads import image_read
from enrollment.services.webhooks import (
    delivery_resend,
    event_emit,
    webhook_change,
    webhook_create,
    webhook_delete,
    webhook_rotate,
    webhook_test,
)

__all__ = [
    "EXTERNAL_ID",
    "AccountChange",
    "Entry",
    "account_change_record",
    "account_erase",
    "account_export",
    "archive_read",
    "audit_record",
    "consent_withdraw",
    "consents_give",
    "delivery_resend",
    "duplicate_resolve",
    "event_emit",
    "face_erase",
    "image_read",
    "keys_rotate",
    "model_version_promote",
    "model_version_register",
    "model_version_roll_back",
    "models_orphans_erase",
    "orphans_erase",
    "people_set_create",
    "promotion_cancel",
    "retraining_schedule_prepare",
    "sample_delete",
    "sample_submit",
    "samples_wait",
    "service_key_create",
    "service_key_revoke",
    "service_key_rotate",
    "subject_consents_set",
    "subject_create",
    "subject_delete",
    "subject_erase",
    "subject_export",
    "subjects_import",
    "training_run_cancel",
    "training_run_request",
    "user_erase",
    "webhook_change",
    "webhook_create",
    "webhook_delete",
    "webhook_rotate",
    "webhook_test",
]
