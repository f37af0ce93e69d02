"""What comparisons and identifications have in common: queueing, reading and waiting for an answer."""

from collections.abc import Callable

from django.core.files import File
from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.errors import ImageRefused
from enrollment.models import ServiceKey, User
from enrollment.services import image_read
from enrollment.services.waiting import wait_for
from verification.errors import InquiryInProgress, InquiryNotFound, ServiceUnavailable
from verification.models import Inquiry
from verification.models.inquiry import Asker, owned_by, reason
from verification.reasons import words
from verification.selectors import AnyInquiry, inquiry_of

# Pictures wait in the database, so nobody may pile them up.
MAX_PENDING = 2
# A backend asks for many people.
MAX_PENDING_OF_KEY = 16


def picture_read(file: "File[bytes]", *, name: str) -> bytes:
    """The file's bytes. Raises ImageRefused, which says by this name whose turn it is to be replaced."""
    try:
        return image_read(file)
    except ImageRefused as error:
        raise ImageRefused(f"{name}: {error.detail}", code=error.code) from error


def inquiry_queue(inquiry: Inquiry, asker: Asker, enqueue: Callable[[str], object]) -> None:
    """Stores an inquiry and, once that is committed, hands it to the worker.

    Raises InquiryInProgress, or ServiceUnavailable when the queue is down.
    """
    try:
        _store(inquiry, asker, enqueue)
    except OperationalError as error:
        inquiry_void(inquiry)
        raise ServiceUnavailable(words("service_unavailable")) from error


@transaction.atomic
def _store(inquiry: Inquiry, asker: Asker, enqueue: Callable[[str], object]) -> None:
    askers = (
        User if isinstance(asker, User) else ServiceKey
    )  # a request's user is not of the type it stands for
    askers._default_manager.select_for_update().get(pk=asker.pk)  # one submission of each at a time
    waiting = type(inquiry)._default_manager.filter(**owned_by(asker), state=Inquiry.State.PENDING)
    most = MAX_PENDING if isinstance(asker, User) else MAX_PENDING_OF_KEY
    if sum(not row.is_overdue for row in waiting.defer("sealed_pictures")) >= most:
        raise InquiryInProgress
    inquiry.save()
    enqueue(inquiry.pk)


@transaction.atomic
def inquiry_void(inquiry: Inquiry) -> None:
    """Nobody will look at the pictures: erase them, and say so."""
    rows = type(inquiry)._default_manager.select_for_update()
    current = rows.filter(pk=inquiry.pk, state=Inquiry.State.PENDING).first()
    if current is not None:
        current.void([reason("service_unavailable")])
        current.save()


def inquiry_wait(model: type[AnyInquiry], inquiry_id: str, asker: Asker, *, seconds: float = 0) -> AnyInquiry:
    """The inquiry once it is answered, or as it is after so many seconds. Raises InquiryNotFound."""
    return wait_for(
        inquiry_id,
        lambda: _current(model, inquiry_id, asker),
        lambda inquiry: inquiry.state != Inquiry.State.PENDING,
        seconds=seconds,
    )


def _current(model: type[AnyInquiry], inquiry_id: str, asker: Asker) -> AnyInquiry:
    """The inquiry; reading it voids one that nobody answered in time."""
    inquiry = _get(model, inquiry_id, asker)
    if not inquiry.is_overdue:
        return inquiry
    inquiry_void(inquiry)
    return _get(model, inquiry_id, asker)


def _get(model: type[AnyInquiry], inquiry_id: str, asker: Asker) -> AnyInquiry:
    inquiry = inquiry_of(model, inquiry_id, asker)
    if inquiry is None:
        raise InquiryNotFound
    return inquiry
