"""Writing to the audit log, for whoever does not reach the models."""

from enrollment.models import AuditEvent

audit_record = AuditEvent.record
