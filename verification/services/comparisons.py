"""Comparing two pictures that somebody brings."""

from django.core.files import File

from enrollment.models import ModelVersion
from enrollment.selectors import active_model_version
from verification.errors import UnknownModel
from verification.models import Comparison
from verification.models.inquiry import Asker, owned_by
from verification.selectors import model_versions
from verification.services.inquiries import inquiry_queue, picture_read
from verification.tasks import comparison_decide

MOST_DIGITS = 18  # of an id


def comparison_submit(
    asker: Asker, image_a: "File[bytes]", image_b: "File[bytes]", *, model: str = ""
) -> Comparison:
    """Stores two pictures and queues their comparison, under the active model version unless another is named.

    Raises ImageRefused, UnknownModel, ModelUnavailable, InquiryInProgress or ServiceUnavailable.
    """
    version = _version(model)
    comparison = Comparison(**owned_by(asker), model_version=version)
    comparison.pictures = [
        picture_read(image_a, name="Picture A"),
        picture_read(image_b, name="Picture B"),
    ]
    inquiry_queue(comparison, asker, comparison_decide.delay_on_commit)  # type: ignore[attr-defined]
    return comparison


def _version(model: str) -> ModelVersion:
    """By name or, failing that, by id."""
    if not model:
        return active_model_version()
    version = model_versions().filter(name=model).first()
    if version is None and model.isdecimal() and len(model) < MOST_DIGITS:
        version = model_versions().filter(pk=int(model)).first()
    if version is None:
        raise UnknownModel
    return version
