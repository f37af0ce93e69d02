"""What staff change about somebody's account: the owner is told, and the audit log names who did it."""

import enum

from django.db import transaction

from enrollment.models import AuditEvent, User
from enrollment.notices import Notice, notice_send
from enrollment.selectors import subject_of


class AccountChange(enum.Enum):
    """What was changed: as the audit log has it, and as the owner reads it."""

    PASSWORD = "password", "changed your password"
    ADDRESS = "address", "changed the e-mail addresses of your account"
    SECOND_FACTOR = "second_factor", "removed a second factor of your account"


@transaction.atomic
def account_change_record(user: User, change: AccountChange, *, also_to: str = "") -> None:
    """Records that staff changed an account, and mails its owner; `also_to` is an address that was theirs until now."""
    code, words = change.value
    AuditEvent.record(
        AuditEvent.Action.ACCOUNT_CHANGE,
        subject=subject_of(user),
        object_id=user.pk,
        details={"change": code},
    )
    notice_send(user, Notice.CHANGED_BY_STAFF, also_to=also_to, words=words)
