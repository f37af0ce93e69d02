"""What must hold after everything that broke, asked of the database."""

from collections.abc import Callable

from django.db.models import Count, F, Q

from enrollment.models import ModelVersion, Sample, Template
from tests.faults import sql
from tests.faults.visitor import Ledger
from verification.models import Attempt, Comparison, VerificationSession


def samples_lost(ledger: Ledger) -> int:
    """Pictures that were taken in and are neither there nor taken back by their owner."""
    there = {str(pk) for pk in Sample.objects.values_list("pk", flat=True)}
    return len(ledger.samples - ledger.deleted - there)


def samples_undecided(_: Ledger) -> int:
    return Sample.objects.filter(state=Sample.State.PENDING).count()


def attempts_undecided(_: Ledger) -> int:
    return Attempt.objects.filter(state=Attempt.State.PENDING).count()


def comparisons_undecided(_: Ledger) -> int:
    return Comparison.objects.filter(state=Comparison.State.PENDING).count()


def sessions_stuck(_: Ledger) -> int:
    return VerificationSession.objects.filter(state=VerificationSession.State.IN_PROGRESS).count()


def sessions_lost(ledger: Ledger) -> int:
    """Sessions that somebody was told of and that are not there."""
    there = set(VerificationSession.objects.values_list("pk", flat=True))
    return len((ledger.sessions | ledger.strangers) - there)


def verdicts_changed(ledger: Ledger) -> int:
    """Sessions that ended otherwise than somebody was told."""
    ended = dict(VerificationSession.objects.values_list("pk", "state"))
    return sum(ended.get(session) != state for session, state in ledger.told.items())


def wrong_refusals(ledger: Ledger) -> int:
    """Rightful people whose face was compared and not recognised."""
    return Attempt.objects.filter(session__in=ledger.sessions, decision=Attempt.Decision.NON_MATCH).count()


def wrong_accepts(ledger: Ledger) -> int:
    """Strangers whose session succeeded, and sessions that succeeded without a match."""
    succeeded = VerificationSession.objects.filter(state=VerificationSession.State.SUCCEEDED)
    match = Q(attempts__decision=Attempt.Decision.MATCH)
    without = succeeded.annotate(matches=Count("attempts", filter=match)).filter(matches=0)
    return succeeded.filter(pk__in=ledger.strangers).count() + without.count()


def sessions_doubled(_: Ledger) -> int:
    """Sessions with more than one match."""
    match = Q(attempts__decision=Attempt.Decision.MATCH)
    return VerificationSession.objects.annotate(n=Count("attempts", filter=match)).filter(n__gt=1).count()


def samples_doubled(_: Ledger) -> int:
    """Pictures that stand twice among one person's."""
    kept = Sample.objects.exclude(state=Sample.State.REJECTED)
    return kept.values("subject", "image_digest").annotate(n=Count("pk")).filter(n__gt=1).count()


def templates_missing(_: Ledger) -> int:
    """Accepted pictures without a template of the version in use."""
    active = ModelVersion.objects.get(state=ModelVersion.State.ACTIVE)
    known = Template.objects.filter(model_version=active).values("sample")
    return Sample.objects.filter(state=Sample.State.ACCEPTED).exclude(pk__in=known).count()


def compared_across_versions(_: Ledger) -> int:
    decided = Attempt.objects.exclude(model_version=None).exclude(anchors_version=None)
    return decided.exclude(model_version=F("anchors_version")).count()


def probes_kept(_: Ledger) -> int:
    """Decided attempts that still hold the pictures."""
    return Attempt.objects.exclude(state=Attempt.State.PENDING).exclude(sealed_probe=b"").count()


INVARIANTS: dict[str, Callable[[Ledger], int]] = {
    check.__name__: check
    for check in (
        samples_lost,
        samples_undecided,
        samples_doubled,
        templates_missing,
        attempts_undecided,
        comparisons_undecided,
        sessions_lost,
        sessions_stuck,
        sessions_doubled,
        verdicts_changed,
        wrong_accepts,
        wrong_refusals,
        compared_across_versions,
        probes_kept,
    )
}

# Of the state machine's rules, those that hold once nothing is under way, whoever the people are.
RULES = (
    "samples_decided_twice",
    "attempts_decided_twice",
    "wins_without_one_match",
    "matches_without_win",
    "matched_below_threshold",
)


def counted(ledger: Ledger) -> dict[str, int]:
    """How often each invariant is broken."""
    rules = dict.fromkeys(RULES, 0) | sql.broken({name: sql.AT_REST[name] for name in RULES})
    return {name: check(ledger) for name, check in INVARIANTS.items()} | rules


def strangers_compared(ledger: Ledger) -> tuple[int, int]:
    """Strangers whose face was compared with somebody's, and of how many accounts."""
    compared = Attempt.objects.filter(session__in=ledger.strangers, decision=Attempt.Decision.NON_MATCH)
    return compared.count(), compared.values("session__user").distinct().count()
