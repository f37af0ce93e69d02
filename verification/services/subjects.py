"""Verifying people without accounts for a backend, by the same sessions, attempts and limits as everybody."""

from django.core.files import File
from django.db import IntegrityError, transaction

from enrollment.crypto import keyed_digest
from enrollment.models import ServiceKey, Subject
from verification.errors import SessionNotFound, SubjectNotReady
from verification.models import VerificationSession
from verification.selectors import comparable_subject
from verification.services.attempts import attempt_submit_alone, attempt_wait
from verification.services.failures import failures_check, subject_key


def subject_verify(key: ServiceKey, subject: Subject, image: "File[bytes]") -> VerificationSession:
    """Stores a picture and queues its comparison with a subject's anchors; limits are counted first.

    The address is the backend's, not that of whoever is in front of its camera: nothing is counted by it.
    Raises SubjectNotReady, ImageRefused, TooManyAttempts, FaceSignInOff, Overloaded or ServiceUnavailable.
    """
    session = VerificationSession(
        purpose=VerificationSession.Purpose.VERIFY,
        subject=subject,
        service_key=key,
        account_key=subject_key(subject),
        login_key=subject_key(subject),
        browser_key=_binding(key),
    )
    if comparable_subject(session) is None:
        raise SubjectNotReady
    failures_check(session.login_key)
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError as error:  # the subject was erased meanwhile
        raise SubjectNotReady from error
    attempt_submit_alone(session, image)
    return session


def subject_verification_wait(
    key: ServiceKey, subject: Subject, session_id: str, *, seconds: float
) -> VerificationSession:
    """The session once its picture is decided, or as it is after so many seconds. Raises SessionNotFound."""
    session = attempt_wait(session_id, _binding(key), seconds=seconds)
    if session.subject_id != subject.pk:
        raise SessionNotFound
    return session


def _binding(key: ServiceKey) -> str:
    """What ties a session to the key that opened it, as others are tied to browsers."""
    return keyed_digest(f"service key:{key.pk}".encode(), context="browser")
