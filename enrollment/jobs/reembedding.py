"""Templates of another version from the stored crops, beside those in use, until the switch can be made.

Every batch is one transaction, and what is missing is asked of the database: a worker that is killed loses one batch,
and two workers at once only do some work twice.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from enrollment.errors import DomainError, PromotionRefused
from enrollment.jobs.embedders import embedder_for, template_of
from enrollment.models import ModelVersion, Promotion, Sample, Subject, Template
from enrollment.models.promotion import kept_versions, lacking_samples
from enrollment.policy import promotes_itself
from ml.errors import MLError
from ml.faces.images import decode
from ml.serving.embedder import Embedder

logger = logging.getLogger(__name__)

BATCH = 64
PRUNED_AT_ONCE = 500
LOST_AFTER = timedelta(seconds=30)


class Closed(Exception):
    """The promotion was called off."""


def promotion_execute(promotion_id: int) -> None:
    """Makes what templates are missing and switches. Does nothing when the promotion is closed."""
    promotion = Promotion.objects.select_related("version").filter(pk=promotion_id).first()
    if promotion is None or not promotion.is_open:
        return
    try:
        embedder = embedder_for(promotion.version)
        # People enroll meanwhile: whoever came without this version's template is looked for again.
        while not promotion.switch():
            templates_extract_lacking(promotion, embedder)
    except Closed:
        logger.info("promotion %s was called off", promotion.pk)
    except (DomainError, MLError) as error:
        logger.error("promotion %s failed: %s", promotion.pk, error)
        _fail(promotion, error.code, str(error))
    except DatabaseError:
        raise  # the sweep tries again
    except Exception as error:
        _fail(promotion, "unexpected", f"{type(error).__name__}; see the log of the training worker.")
        raise


def templates_extract_lacking(promotion: Promotion, embedder: Embedder) -> None:
    """One pass over the anchors without a template of the promotion's version. Raises Closed."""
    ids = list(lacking_samples(promotion.version).order_by("pk").values_list("pk", flat=True))
    with ThreadPoolExecutor(settings.PROMOTION_THREADS) as pool:
        for start in range(0, max(1, len(ids)), BATCH):
            made = _templates(ids[start : start + BATCH], promotion.version, embedder, pool)
            _store(promotion, made)


def _templates(
    ids: list[UUID], version: ModelVersion, embedder: Embedder, pool: ThreadPoolExecutor
) -> list[Template]:
    samples = list(Sample.objects.filter(pk__in=ids, state=Sample.State.ACCEPTED))
    return list(pool.map(lambda sample: _template(sample, version, embedder), samples))


def _template(sample: Sample, version: ModelVersion, embedder: Embedder) -> Template:
    try:
        return template_of(sample, version, embedder.embed(decode(sample.crop)))
    except (DomainError, MLError) as error:
        raise PromotionRefused(
            f"The stored face of sample {sample.pk} cannot be used ({error.code}).", code="crop_unusable"
        ) from error


@transaction.atomic
def _store(promotion: Promotion, templates: list[Template]) -> None:
    """Writes a batch, except for pictures that were deleted since they were read."""
    subjects = {template.sample.subject_id for template in templates}
    list(Subject.objects.select_for_update().filter(pk__in=subjects).order_by("pk"))
    now = timezone.now()
    opened = Promotion.objects.filter(pk=promotion.pk, state=Promotion.State.EMBEDDING)
    if not opened.update(heartbeat_at=now, done=F("done") + len(templates)):
        raise Closed
    ids = [template.sample_id for template in templates]
    there = set(Sample.objects.filter(pk__in=ids).values_list("pk", flat=True))
    Template.objects.bulk_create(
        [template for template in templates if template.sample_id in there], ignore_conflicts=True
    )


@transaction.atomic
def _fail(promotion: Promotion, code: str, detail: str) -> None:
    current = Promotion.objects.select_for_update().get(pk=promotion.pk)
    if current.is_open:
        current.fail(code, detail)


def promotions_claim_lost() -> list[int]:
    """Ids of open promotions that nobody works on, each claimed for one more message."""
    before = timezone.now() - LOST_AFTER
    opened = Promotion.objects.filter(state=Promotion.State.EMBEDDING)
    lost = opened.filter(queued_at__lt=before, heartbeat_at__lt=before)
    ids = [*lost.values_list("pk", flat=True), *_promoted_by_policy()]
    Promotion.objects.filter(pk__in=ids).update(queued_at=timezone.now())
    return ids


def _promoted_by_policy() -> list[int]:
    """Opens the promotion of the latest candidate, where the site's policy asks for no hand."""
    active = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).first()
    candidates = ModelVersion.objects.filter(
        state=ModelVersion.State.CANDIDATE, created_by_run__champion=active, promotions=None
    )
    version = candidates.order_by("-created_by_run").first()
    if version is None or active is None:
        return []
    if not promotes_itself(mode=settings.RETRAINING_PROMOTE, looser=version.is_looser):
        return []
    try:
        return [Promotion.begin(version, actor=None).pk]
    except PromotionRefused:  # another one is open, and its turn comes; or it never can take over
        return []


def templates_prune() -> int:
    """Deletes templates of versions that are neither in use, nor coming, nor kept for going back."""
    pruned = 0
    while deleted := _prune_some():
        pruned += deleted
    return pruned


@transaction.atomic
def _prune_some() -> int:
    ModelVersion.take_turns()
    kept = [version.pk for version in kept_versions()]
    ids = Template.objects.exclude(model_version__in=kept).order_by("pk").values_list("pk", flat=True)
    return Template.objects.filter(pk__in=list(ids[:PRUNED_AT_ONCE])).delete()[0]
