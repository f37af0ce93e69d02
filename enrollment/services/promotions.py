"""Changing the active version, and going back."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.models import ModelVersion, Promotion, User
from enrollment.tasks import promotion_execute

logger = logging.getLogger(__name__)


def model_version_promote(
    version: ModelVersion, *, actor: User | None, accepts_looser: bool = False
) -> Promotion:
    """Has the version's templates made, after which it becomes the active one by itself.

    Raises PromotionRefused: `not_measured`, `refuses_too_many`, `looser_threshold`, `promotion_open` or
    `not_promotable`.
    """
    try:
        return _begin(version, actor, accepts_looser=accepts_looser)
    except OperationalError:
        logger.warning("queue unreachable: the promotion of %s waits in the database", version)
        return Promotion.objects.get(version=version, state=Promotion.State.EMBEDDING)


@transaction.atomic
def _begin(version: ModelVersion, actor: User | None, *, accepts_looser: bool) -> Promotion:
    promotion = Promotion.begin(version, actor=actor, accepts_looser=accepts_looser)
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
