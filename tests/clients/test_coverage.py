"""The Python client has a method for every operation of the API's document, and asks for nothing else."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
import yaml

from faceverify_client import FaceVerify, Problem
from faceverify_site.api_docs import document
from tests.clients.moody_site import moody_site

ID, PICTURE = "0", b"picture"
CALLS: list[Callable[[FaceVerify], object]] = [
    lambda site: site.me(),
    lambda site: site.consents.read(),
    lambda site: site.consents.replace(sign_in=True),
    lambda site: list(site.samples.list()),
    lambda site: site.samples.add(PICTURE),
    lambda site: site.samples.read(ID),
    lambda site: site.samples.delete(ID),
    lambda site: site.verification_sessions.open("verify"),
    lambda site: site.verification_sessions.verify(PICTURE),
    lambda site: site.verification_sessions.read(ID),
    lambda site: site.verification_sessions.submit(ID, PICTURE),
    lambda site: site.verification_sessions.send_code(),
    lambda site: site.verification_sessions.check_code("1"),
    lambda site: site.compare(PICTURE, PICTURE, model="base"),
    lambda site: site.comparison(ID),
    lambda site: site.identify(PICTURE),
    lambda site: site.identification(ID),
    lambda site: site.subjects.create(consent=True),
    lambda site: list(site.subjects.list()),
    lambda site: site.subjects.read(ID),
    lambda site: site.subjects.delete(ID),
    lambda site: site.subjects.replace_consents(ID, consent=True),
    lambda site: site.subjects.add_samples(ID, PICTURE),
    lambda site: list(site.subjects.samples(ID)),
    lambda site: site.subjects.sample(ID, ID),
    lambda site: site.subjects.delete_sample(ID, ID),
    lambda site: site.subjects.verify(ID, PICTURE),
    lambda site: site.subjects.verification(ID, ID),
    lambda site: site.subjects.import_archive(PICTURE, consent=True),
    lambda site: site.subjects.import_report(ID),
    lambda site: list(site.models.list()),
    lambda site: site.models.read(1),
    lambda site: site.models.activate(1),
    lambda site: site.models.roll_back(1),
    lambda site: site.models.promotion(1),
    lambda site: site.models.cancel_promotion(1),
    lambda site: list(site.training_runs.list()),
    lambda site: site.training_runs.request(),
    lambda site: site.training_runs.read(1),
    lambda site: site.training_runs.cancel(1),
]


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], str]:
    """Operation ids, by method and the pattern of their address. Fixed addresses come before those with ids."""
    paths = yaml.safe_load(document())["paths"]
    return {
        (method.upper(), re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))): operation["operationId"]
        for path in sorted(paths, key=lambda path: "{" in path)
        for method, operation in paths[path].items()
    }


def test_it_has_a_method_for_every_operation_and_no_other(operations):
    refusal = (400, {"code": "seen"}, {})
    with moody_site(refusal) as site, FaceVerify(site.url, session_token="t") as faces:
        for call in CALLS:
            with suppress(Problem):
                call(faces)
    assert len(site.asked) == len(CALLS)
    called = [operation_of(method, path, operations) for method, path, _, _ in site.asked]
    assert set(called) == set(operations.values())


def operation_of(asked: str, path: str, operations: dict[tuple[str, str], str]) -> str:
    return next(
        name
        for (method, pattern), name in operations.items()
        if method == asked and re.fullmatch(pattern, path.partition("?")[0])
    )
