"""Made-up requests, well formed and not, on every operation that the API's document names.

Schemathesis makes them and judges the answers by the document: `make fuzz` makes 200 for each operation and caller.
Made-up ids lead nowhere, so half of the well-formed requests get ids of things that are there.
"""

import os
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import Permission
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from enrollment.api.schema import PROBLEM_TYPE
from enrollment.models import ModelVersion, PeopleSet, Promotion, SubjectImport, TrainingRun
from tests.conftest import show_password
from tests.factories import (
    ConsentFactory,
    SampleFactory,
    SubjectFactory,
    UserFactory,
    model_version,
    service_key,
)
from verification.models import Comparison, Identification

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
# A picture of random bytes is well formed by the document, and refused for what it shows.
REFUSED_FOR_WHAT_IT_SAYS = ["2xx", "401", "403", "404", "409", "413", "415", "422", "429"]
BAD_REQUESTS_TOO = [*REFUSED_FOR_WHAT_IT_SAYS, "400"]
# Signing in needs a login, verifying none; an import is one archive or many pictures: more than the document can say.
ONE_FIELD_OR_ANOTHER = ["POST /api/v1/verification-sessions", "POST /api/v1/subjects/import"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": REFUSED_FOR_WHAT_IT_SAYS}},
        "operations": [
            {
                "include-name": name,
                "checks": {"positive_data_acceptance": {"expected-statuses": BAD_REQUESTS_TOO}},
            }
            for name in ONE_FIELD_OR_ANOTHER
        ],
        "generation": {"with-security-parameters": False},  # who asks is said below
    }
)
DEVICE = {"X-Device-Key": "a secret that an app made up, once and for all"}

pytestmark = pytest.mark.django_db(transaction=True)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.yaml", get_wsgi_application(), config=CONFIG)
operations = schema.parametrize()


class Caller:
    """Somebody who asks, and has one of each thing that they may ask for."""

    def __init__(self, who: str) -> None:
        self.headers = dict(DEVICE)
        self.asker: dict[str, Any] = {"owner": UserFactory()}
        self.version = model_version()
        self.user: Any = UserFactory(is_staff=True)
        if who == "staff":
            self.headers, self.asker = _signed_in(self.user), {"owner": self.user}
        if who == "backend":
            key, secret = service_key("subjects:write", "verify", "identify", "scores")
            self.headers, self.asker = {"X-API-Key": secret}, {"service_key": key}

    def id_of(self, parameter: str, path: str) -> Any:
        """Of a thing that is there: made anew, as the one before may be deleted."""
        make: dict[str, Callable[[], Any]] = {
            "comparison_id": lambda: Comparison.objects.create(**self._decided()).pk,
            "identification_id": lambda: Identification.objects.create(**self._decided()).pk,
            "version_id": lambda: self.version.pk,
            "promotion_id": lambda: (
                Promotion.objects.create(
                    version=self.version, state=Promotion.State.SWITCHED, finished_at=timezone.now()
                ).pk
            ),
            "run_id": lambda: (
                TrainingRun.objects.create(
                    network="mobilefacenet",
                    epochs=1,
                    champion=self.version,
                    evaluation_set=_evaluation_set(),
                    state=TrainingRun.State.FAILED,
                    finished_at=timezone.now(),
                ).pk
            ),
            "import_id": lambda: (
                SubjectImport.objects.create(
                    service_key=self.asker.get("service_key") or service_key("subjects:write")[0]
                ).pk
            ),
            "subject_id": lambda: self._subject().public_id,
            "sample_id": lambda: _sample(subject=self._subject(own="/subjects/" not in path)).pk,
            "session_id": self._session,
        }
        return make[parameter]() if parameter in make else None

    def ids(self, parameters: dict[str, Any], path: str) -> dict[str, Any]:
        found = {name: self.id_of(name, path) for name in parameters}
        if {"subject_id", "sample_id"} <= found.keys():
            subject = self._subject()
            found = {"subject_id": subject.public_id, "sample_id": _sample(subject=subject).pk}
        return {name: str(value) for name, value in found.items() if value is not None}

    def _decided(self) -> dict[str, Any]:
        return {
            **self.asker,
            "model_version": self.version,
            "state": "void",
            "decided_at": timezone.now(),
        }

    def _subject(self, *, own: bool = False) -> Any:
        if own and hasattr(self.user, "subject"):
            return self.user.subject
        subject = SubjectFactory(user=self.user if own else None)
        ConsentFactory(subject=subject)
        return subject

    def _session(self) -> str | None:
        answer = Client().post(
            "/api/v1/verification-sessions",
            {"purpose": "sign_in", "login": f"somebody-{timezone.now().timestamp()}"},
            headers=self.headers,
        )
        return answer.json().get("id")


def _sample(**fields: Any) -> Any:
    return SampleFactory(**fields)


def _evaluation_set() -> PeopleSet:
    return PeopleSet.objects.get_or_create(
        name="frozen", purpose="evaluation", defaults={"subjects": 60, "images": 240, "digest": "0" * 64}
    )[0]


def _signed_in(user: Any) -> dict[str, str]:
    """Of a browser in which staff with every permission have just signed in."""
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    show_password(client, user)
    client.get("/accounts/password/change/")  # sets the CSRF cookie
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"Cookie": cookies, "X-CSRFToken": client.cookies["csrftoken"].value}


def _is_garbled(case: Any) -> bool:
    """Of a form with an empty part, the test client leaves out a line: it arrives without that part."""
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict):
        return False
    return any(getattr(value, "data", value) in {"", b""} for value in case.body.values() if _is_flat(value))


def _is_flat(value: Any) -> bool:
    return not isinstance(value, (dict, list))


@pytest.fixture(params=["staff", "backend", "anonymous"])
def caller(request, transactional_db, broker) -> Caller:
    return Caller(request.param)


@operations
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_it_answers_as_the_document_says(case: Any, caller: Caller) -> None:
    if _is_garbled(case):
        return
    made_up = case.path_parameters or {}
    if case.meta.generation.mode.is_positive and zlib.crc32(repr(sorted(made_up.items())).encode()) % 2:
        case.path_parameters = made_up | caller.ids(made_up, case.operation.path)
    answer = case.call_and_validate(headers=caller.headers)
    assert "x-request-id" in answer.headers
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == [PROBLEM_TYPE]
        assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    ("who", "path"), [("staff", "models"), ("staff", "samples"), ("backend", "subjects")]
)
def test_those_who_ask_are_let_in(who, path):
    assert Client().get(f"/api/v1/{path}", headers=Caller(who).headers).status_code == 200


def test_everything_that_is_asked_for_by_id_is_there():
    assert ModelVersion.objects.count() == 0
    caller = Caller("staff")
    names = {
        parameter.definition["name"]
        for operation in (result.ok() for result in schema.get_all_operations())
        for parameter in operation.path_parameters
    }
    assert {name for name in names if caller.id_of(name, "/samples/") is None} <= {"verification_id"}
