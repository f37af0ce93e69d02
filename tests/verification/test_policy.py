from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification import policy
from verification.policy import Decision

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("similarity", "expected"), [(0.51, "match"), (0.5, "match"), (0.499, "non_match")])
def test_it_decides_at_the_threshold(similarity, expected):
    assert policy.decide(similarity=similarity, threshold=0.5) == expected


@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), float("-inf")])
def test_it_refuses_what_is_no_number(rubbish):
    assert policy.decide(similarity=rubbish, threshold=0.5) == Decision.NON_MATCH
    assert policy.decide(similarity=0.9, threshold=rubbish) == Decision.NON_MATCH


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (49, 3600)]
)
def test_it_doubles_the_delay_up_to_an_hour(failures, seconds):
    assert policy.delay_seconds(failures) == seconds


def test_it_names_the_end_of_the_lock():
    assert policy.lockout_until(failures=4, last_failed_at=NOON) is None
    assert policy.lockout_until(failures=5, last_failed_at=NOON) == NOON + timedelta(seconds=30)


def test_it_switches_off_after_fifty():
    assert [policy.is_off(n) for n in (49, 50, 51)] == [False, True, True]


@given(st.integers(0, 10_000))
def test_it_never_shortens_the_delay(failures):
    assert (
        policy.delay_seconds(failures) <= policy.delay_seconds(failures + 1) <= policy.LONGEST_DELAY_SECONDS
    )
