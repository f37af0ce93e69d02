"""Mails that tell people what happened to their face or account, so that a stolen session does not stay unnoticed."""

import enum
import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from enrollment.models import User
from enrollment.origin import current_source

logger = logging.getLogger(__name__)
OF_A_THIEF = "If it was not you, sign in with your password, change it, and look at your pictures:"
OF_STAFF = "If you did not ask for it, tell whoever runs this site, and look at your account:"


class Notice(enum.Enum):
    """Subject and first sentence of each mail."""

    ANCHORS_ADDED = (
        "Pictures of your face were added",
        "New pictures were added to the face you sign in with.",
    )
    ANCHOR_REMOVED = (
        "A picture of your face was removed",
        "A picture you sign in with was removed and erased.",
    )
    CONSENT_CHANGED = "Your consent was changed", "What you agree to was changed."
    FACE_ERASED = "Your face was erased", "Every picture and template of your face was erased."
    DATA_EXPORTED = (
        "Your data was downloaded",
        "A copy of your pictures, consents and history was downloaded.",
    )
    FACE_LOCKED = (
        "Sign-in by face is locked for a while",
        "Somebody failed several times to sign in as you by face. Each further try now has to wait. "
        "Your password works as before, and signing in with it ends the wait.",
    )
    NEW_DEVICE = (
        "You signed in on a new device",
        "Your account was signed in to on a new device, with {means}.",
    )
    CHANGED_BY_STAFF = "Staff changed your account", "Somebody on the staff of this site {words}."
    SIGN_IN_CODE = "Your code for signing in", "Your code is {code}. It is valid for ten minutes."


def notice_send(user: User, notice: Notice, *, also_to: str = "", **words: str) -> None:
    """Mails a notice once the present transaction is committed; a mail server that is away stops nothing.

    It goes to the account's address, and to `also_to` where that is another. Where staff acted from is not told.
    """
    source = "" if notice == Notice.CHANGED_BY_STAFF else current_source()
    addresses = {user.email, also_to} - {""}
    # Not a partial: Django asks a robust callback that fails for its name.
    transaction.on_commit(lambda: _send(user, addresses, notice, source, words), robust=True)


def _send(user: User, addresses: set[str], notice: Notice, source: str, words: dict[str, str]) -> None:
    subject, sentence = notice.value
    where = f", from the address {source}" if source else ""
    what_to_do = OF_STAFF if notice == Notice.CHANGED_BY_STAFF else OF_A_THIEF
    body = (
        f"Hello {user.get_username()},\n\n{sentence.format(**words)}\n\n"
        f"This happened on {timezone.now():%d %B %Y at %H:%M} UTC{where}.\n"
        f"{what_to_do}\n{settings.SITE_URL}/\n"
    )
    for address in sorted(addresses):
        try:
            send_mail(f"FaceVerify: {subject}", body, None, [address])
        except (OSError, smtplib.SMTPException) as error:  # whose words may name the address
            logger.error("notice %s could not be sent: %s", notice.name, type(error).__name__)
