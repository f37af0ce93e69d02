"""From a probe to a decision. Everything that goes wrong ends in a refusal."""

import logging
import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrollment import metrics
from enrollment.bell import ring_on_commit
from enrollment.errors import DomainError
from enrollment.jobs import claim_lost, embeddings_of, is_free, pipeline_for, try_begin
from enrollment.models import AuditEvent, ModelVersion, Sample, Subject, Template
from enrollment.selectors import active_model_version, anchor_templates, one_or_none
from ml.errors import ImageError, MLError
from ml.faces.liveness import Code
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import decision_rule
from verification import policy
from verification.jobs.probes import Probe, attack_probability_of, probe_of
from verification.models import Attempt, FailureCount, VerificationSession
from verification.selectors import comparable_subject

logger = logging.getLogger(__name__)

# Of a message, and of a try: somebody waits, and most are decided within a tenth of that.
LOST_AFTER = timedelta(seconds=5)
UNTOLD_AFTER = timedelta(minutes=1)  # a mail may wait behind others
MAX_TRIES = 3
# Asked about instead of nobody, so that the same queries run.
NOBODY = Subject(pk=0)


@dataclass(frozen=True)
class Comparison:
    """What staff can read about an attempt."""

    decision: policy.Decision
    similarity: float | None
    threshold: float | None
    anchors: int | None
    version: ModelVersion
    rule: str
    anchors_version_id: int | None = None
    templates: frozenset[int] = frozenset()
    liveness: str = ""


def attempt_decide(attempt_id: int, *, worker_lost: bool = False) -> int | None:
    """Decides one pending attempt. Does nothing when it is gone, decided or being decided: a message may come twice.

    Answers with the id of an account whose owner has to hear that it is locked now.
    """
    pending = Attempt.objects.filter(pk=attempt_id, state=Attempt.State.PENDING)
    if not try_begin(pending, lease=LOST_AFTER, worker_lost=worker_lost):
        return None
    attempt = one_or_none(pending.select_related("session"))
    if attempt is None:
        return None
    try:
        outcome = _look(attempt) if attempt.tries <= MAX_TRIES else "service_unavailable"
    except (DomainError, MLError) as error:
        logger.error("attempt %s could not be decided: %s", attempt.pk, error.code)
        outcome = "service_unavailable"
    except Exception:
        _record(attempt, "service_unavailable")  # nobody waits for what will not come
        raise
    return _record(attempt, outcome)


def _look(attempt: Attempt) -> "Comparison | str":
    """The comparison, or the code why there was nothing to compare.

    The version that is active now is the one to the end, even if another one becomes active meanwhile.
    """
    version = active_model_version()
    pipeline = pipeline_for(version)
    try:
        probe = probe_of(attempt, pipeline)
        attempt.attack_probability = attack_probability_of(attempt, pipeline)
    except ImageError as error:
        return error.code
    if isinstance(probe, str):
        return probe
    subject = comparable_subject(attempt.session)
    attempt.subject, attempt.liveness = subject, probe.liveness
    in_vain = attempt.in_vain or bool(probe.liveness)
    with metrics.stage("decide"):
        comparison = _compare(None if in_vain else subject, probe, version, pipeline)
    attempt.liveness = attempt.liveness or comparison.liveness
    return comparison


def _compare(
    subject: Subject | None, probe: Probe, version: ModelVersion, pipeline: FacePipeline
) -> Comparison:
    """By the site's decision rule. Without a usable face the same work is done in vain, to take the same time.

    The head that turned meets the templates as well: a picture between two people resembles both, and so would join
    the owner's templates to a stranger's turn.
    """
    rule = decision_rule(settings.FACE_DECISION_RULE, pipeline.artifact.comparator)
    templates = anchor_templates(subject or NOBODY, version)
    embeddings = embeddings_of(templates) if templates else np.eye(3, probe.embedding.size, dtype=np.float32)
    threshold_at = partial(pipeline.artifact.calibration.threshold, anchors=len(embeddings), rule=rule.name)
    fmr = settings.FACE_TARGET_FMR
    similarity, threshold = rule.score(embeddings, probe.embedding), threshold_at(fmr=fmr)
    turned = min((rule.score(embeddings, each) for each in probe.turned), default=math.inf)
    refusal = Comparison(policy.Decision.NON_MATCH, None, None, None, version, rule.name)
    if len(templates) < settings.FACE_MIN_ANCHORS:
        return refusal
    decision = policy.decide(similarity=similarity, threshold=threshold)
    if decision == policy.Decision.MATCH and not turned >= threshold_at(fmr=policy.turned_fmr(fmr)):
        return replace(refusal, liveness=str(Code.SEVERAL_PEOPLE))
    return Comparison(
        decision,
        similarity,
        threshold,
        len(templates),
        version,
        rule.name,
        templates[0].model_version_id,
        frozenset(template.pk for template in templates),
    )


@transaction.atomic
def _record(attempt: Attempt, outcome: "Comparison | str") -> int | None:
    """Writes the outcome, unless the session was closed meanwhile: a late match lets nobody in.

    Answers whom to tell of a lock.
    """
    session = one_or_none(VerificationSession.objects.select_for_update().filter(pk=attempt.session_id))
    current = one_or_none(
        Attempt.objects.select_for_update().filter(pk=attempt.pk, state=Attempt.State.PENDING)
    )
    if session is None or current is None or session.state != VerificationSession.State.IN_PROGRESS:
        return None
    locked = None
    current.session = session  # as it is now, and not read once more
    current.subject, current.liveness = attempt.subject, attempt.liveness
    current.attack_probability = attempt.attack_probability
    if session.is_overdue:
        current.void("expired")
        session.expire()
    elif isinstance(outcome, str):
        current.void(outcome)
        current.failure_take_back()
        session.fail(outcome) if outcome == "service_unavailable" else session.reopen(outcome)
    else:
        if outcome.decision == policy.Decision.MATCH and not _still_stands(outcome, attempt, session):
            outcome = Comparison(policy.Decision.NON_MATCH, None, None, None, outcome.version, outcome.rule)
        locked = _decide(current, session, outcome)
    current.save()
    session.save()
    ring_on_commit(session.pk)
    _audit(current, session)
    if session.state in (VerificationSession.State.SUCCEEDED, VerificationSession.State.FAILED):
        session.announce()
    counter = metrics.ATTEMPTS.labels(current.decision or current.state, current.reason)
    transaction.on_commit(counter.inc)
    logger.info("attempt %s %s %s", current.pk, current.decision or current.state, current.reason)
    return locked


def _still_stands(comparison: Comparison, attempt: Attempt, session: VerificationSession) -> bool:
    """Whether the person may still be recognised, and by the very anchors: either may go while faces are compared."""
    known = Template.objects.filter(pk__in=comparison.templates, sample__state=Sample.State.ACCEPTED).count()
    return comparable_subject(session) == attempt.subject and known == len(comparison.templates)


def _audit(attempt: Attempt, session: VerificationSession) -> None:
    matched = attempt.decision == policy.Decision.MATCH
    sign_in = session.purpose == VerificationSession.Purpose.SIGN_IN
    AuditEvent.record(
        AuditEvent.Action.SIGN_IN if sign_in else AuditEvent.Action.VERIFY,
        AuditEvent.Outcome.SUCCESS if matched else AuditEvent.Outcome.REFUSED,
        subject=attempt.subject,
        actor=session.service_key,
        source=session.source,
        object_id=attempt.pk,
        model_version=attempt.model_version,
        details={"reason": attempt.reason or attempt.decision},
    )


def _decide(attempt: Attempt, session: VerificationSession, comparison: Comparison) -> int | None:
    attempt.decide(comparison.decision)
    attempt.similarity, attempt.threshold = comparison.similarity, comparison.threshold
    attempt.anchors, attempt.model_version = comparison.anchors, comparison.version
    attempt.rule, attempt.anchors_version_id = comparison.rule, comparison.anchors_version_id
    if comparison.decision == policy.Decision.MATCH:
        attempt.failure_take_back()
        session.succeed()
        if attempt.subject is not None:
            attempt.subject.note_use()
        return None
    session.fail("no_match")
    return _note_lock(attempt, session)


def _note_lock(attempt: Attempt, session: VerificationSession) -> int | None:
    """Logs the first lock, and that the face is switched off, once each: with the try that brought it about."""
    counted = FailureCount.objects.filter(pk=session.account_key, last_failed_at=attempt.counted_at)
    count = counted.first()
    if count is None or count.failures not in {policy.FREE_FAILURES, policy.FAILURES_UNTIL_OFF}:
        return None
    counted.update(
        notice_queued_at=timezone.now()
    )  # for accounts that do not exist as well: it takes as long
    AuditEvent.record(
        AuditEvent.Action.FACE_LOCK,
        AuditEvent.Outcome.REFUSED,
        subject=attempt.subject,
        source=session.source,
        object_id=session.user_id or "",
        details={"failures": count.failures},
    )
    return session.user_id


def attempts_claim_lost() -> list[int]:
    """Ids of pending attempts whose message or worker got lost, each claimed for one more try."""
    waited_for = Attempt.objects.filter(state=Attempt.State.PENDING, session__expires_at__gt=timezone.now())
    return claim_lost(waited_for.filter(is_free(lease=LOST_AFTER)), "queued_at", after=LOST_AFTER)


def locks_claim_untold() -> list[int]:
    """Ids of accounts whose owner was not told of a lock since the message got lost, each claimed for one more try."""
    untold = FailureCount.objects.filter(notice_queued_at__isnull=False, user__isnull=False)
    keys = claim_lost(untold, "notice_queued_at", after=UNTOLD_AFTER)
    return list(FailureCount.objects.filter(pk__in=keys).values_list("user_id", flat=True))
