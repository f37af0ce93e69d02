"""No answer tells a score, distance or threshold of a comparison with a stored template without the scope for it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from enrollment import jobs as enrollment_jobs
from enrollment.jobs import gallery
from enrollment.models import Sample
from tests.faces import jpeg, portrait
from tests.factories import backend_subject
from tests.test_access_matrix import ALL
from verification import jobs
from verification.models import Attempt, Identification, VerificationSession

pytestmark = pytest.mark.django_db
NUMBERS = ("similarity", "distance", "threshold", "fmr")
EVERYTHING_ELSE = ("subjects:write", "verify", "identify")
# Compared with each other: both pictures are the caller's own.
OWN_PICTURES = {"verification_api:comparisons", "verification_api:comparison"}


@pytest.fixture(autouse=True)
def _fresh_gallery():
    gallery._known.clear()  # ids begin anew with every test


def work() -> None:
    """Whatever waits for the worker."""
    for sample in Sample.objects.filter(state="pending"):
        enrollment_jobs.template_extract(str(sample.pk))
    for attempt in Attempt.objects.filter(state="pending"):
        jobs.attempt_decide(attempt.pk)
    for identification in Identification.objects.filter(state="pending"):
        jobs.identification_decide(identification.pk)


@pytest.mark.parametrize("scopes", [EVERYTHING_ELSE, (*EVERYTHING_ELSE, "scores")], ids=["without", "with"])
def test_numbers_come_with_the_scope_alone(version, portrait_embedding, backend_of, scopes):
    backend, subject = backend_of(*scopes), backend_subject(version, portrait_embedding)
    telling = set()
    for method in ("post", "get", "put"):
        for name in sorted(name for name in ALL if "_api:" in name and name not in OWN_PICTURES):
            text = ask(backend, name, subject, method)
            telling |= {name.partition(":")[2]} if any(number in text for number in NUMBERS) else set()
            work()
    reads = {"subject_verification", "identification"}
    assert telling - {"subject_verifications"} == (reads if "scores" in scopes else set())
    assert ("subject_verifications" in telling) == ("scores" in scopes)


def ask(backend, name: str, subject, method: str) -> str:
    things = {
        "subject_id": subject.public_id,
        "sample_id": subject.samples.first().pk,
        "verification_id": VerificationSession.objects.values_list("pk", flat=True).first() or "x",
        "identification_id": Identification.objects.values_list("pk", flat=True).first() or "x",
    }
    other = "00000000-0000-0000-0000-000000000000"
    arguments = {one: things.get(one, other if one == "import_id" else 1) for one in ALL[name]}
    picture = SimpleUploadedFile("probe.jpg", jpeg(portrait()))
    body = {"image": picture, "images": picture, "consent": True} if method == "post" else None
    address = reverse(name, kwargs=arguments)
    return str(getattr(backend, method)(address, body).content.decode())
