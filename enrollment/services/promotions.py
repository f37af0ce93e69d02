"""Changing the active version, and going back."""

import logging

from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.errors import PromotionRefused
from enrollment.models import ModelVersion, Promotion, User
from enrollment.policy import MAX_FNMR
from enrollment.selectors import active_model_version
from enrollment.tasks import promotion_execute

logger = logging.getLogger(__name__)


def model_version_promote(
    version: ModelVersion, *, actor: User | None, accepts_looser: bool = False
) -> Promotion:
    """Has the version's templates made, after which it becomes the active one by itself.

    Raises PromotionRefused: `not_measured`, `refuses_too_many`, `looser_threshold`, `promotion_open` or
    `not_promotable`.
    """
    _check_refusals(version)
    if is_looser(version) and not accepts_looser:
        raise PromotionRefused(
            f"{version} may let faces pass that the active version turns down: confirm that this is meant.",
            code="looser_threshold",
        )
    try:
        return _begin(version, actor)
    except OperationalError:
        logger.warning("queue unreachable: the promotion of %s waits in the database", version)
        return Promotion.objects.get(version=version, state=Promotion.State.EMBEDDING)


def _check_refusals(version: ModelVersion) -> None:
    """A network to study, say, is good for comparing; as the active version it would keep nearly everybody out."""
    if version.state != ModelVersion.State.CANDIDATE:
        return
    measured = version.measured_fnmr(fmr=settings.FACE_TARGET_FMR, anchors=settings.FACE_MIN_ANCHORS)
    if measured is None:
        raise PromotionRefused(
            f"Nobody measured how many rightful people {version} would turn away with {settings.FACE_MIN_ANCHORS} "
            "anchors, so it cannot take over.",
            code="not_measured",
        )
    if measured[0] > MAX_FNMR:
        raise PromotionRefused(
            f"{version} turned away {measured[0]:.0%} of the tries of rightful people when it was measured; "
            f"{MAX_FNMR:.0%} is the most.",
            code="refuses_too_many",
        )


@transaction.atomic
def _begin(version: ModelVersion, actor: User | None) -> Promotion:
    promotion = Promotion.begin(version, actor=actor)
    promotion_execute.delay_on_commit(promotion.pk)  # type: ignore[attr-defined]
    return promotion


@transaction.atomic
def promotion_cancel(promotion: Promotion, *, actor: User | None) -> None:
    """Calls a promotion off. Raises IllegalTransition once it is over."""
    Promotion.objects.select_for_update().get(pk=promotion.pk).cancel(actor=actor)


def model_version_roll_back(active: ModelVersion, *, actor: User | None) -> Promotion:
    """Goes back to what `active` replaced, at once; an open promotion is called off.

    Raises PromotionRefused: `changed_meanwhile`, `nothing_to_roll_back` or `templates_missing`.
    """
    return Promotion.roll_back(active, actor=actor)


def is_looser(version: ModelVersion) -> bool:
    """Whether a score that the active version turns down might pass."""
    return version.is_looser_than(
        active_model_version(), rule=settings.FACE_DECISION_RULE, fmr=settings.FACE_TARGET_FMR
    )
