"""Asking whose face a picture shows."""

from django.core.files import File

from enrollment.selectors import active_model_version
from verification.models import Identification
from verification.models.inquiry import Asker, owned_by
from verification.services.inquiries import inquiry_queue, picture_read
from verification.tasks import identification_decide


def identification_submit(asker: Asker, image: "File[bytes]") -> Identification:
    """Stores a picture and queues the search for the people it resembles; the caller checks who may ask.

    Raises ImageRefused, ModelUnavailable, InquiryInProgress or ServiceUnavailable.
    """
    identification = Identification(**owned_by(asker), model_version=active_model_version())
    identification.pictures = [picture_read(image, name="Picture")]
    inquiry_queue(identification, asker, identification_decide.delay_on_commit)  # type: ignore[attr-defined]
    return identification
