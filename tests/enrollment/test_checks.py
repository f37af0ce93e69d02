from pathlib import Path

import pytest

from enrollment.checks import (
    check_artifact,
    check_broker_socket,
    check_encryption_keys,
    check_memory_limit,
    check_retraining,
)


def test_it_passes_a_complete_site():
    assert check_artifact() + check_broker_socket() + check_encryption_keys() == []


def test_it_refuses_a_bad_key(settings):
    settings.FACE_ENCRYPTION_KEYS = ["c2hvcnQ="]
    assert [error.id for error in check_encryption_keys()] == ["enrollment.E001"]


def test_it_refuses_a_missing_artifact(settings, tmp_path):
    settings.FACE_MODEL = str(tmp_path)
    assert [error.id for error in check_artifact()] == ["enrollment.E002"]


def test_it_refuses_a_socket_path_that_is_too_long(settings):
    settings.REDIS_URL, settings.BROKER_SOCKET = "", Path("/" + "x" * 120)
    assert [error.id for error in check_broker_socket()] == ["enrollment.E003"]


def test_it_refuses_an_unknown_policy_of_promotion(settings):
    assert check_retraining() == []
    settings.RETRAINING_PROMOTE = "sometimes"
    assert [error.id for error in check_retraining()] == ["enrollment.E010"]


@pytest.mark.parametrize(
    ("mb", "errors"), [(0, []), (1024, []), (20, ["enrollment.E007"]), (-1, ["enrollment.E007"])]
)
def test_it_refuses_a_memory_limit_that_nothing_fits_into(settings, mb, errors):
    settings.FACE_MEMORY_LIMIT_MB = mb
    assert [error.id for error in check_memory_limit()] == errors
