"""The Python client against the running site: what backends, apps and staff do with it."""

import io
import zipfile
from collections.abc import Callable

import httpx
import pytest

from faceverify_client import FaceVerify, Problem
from tests.e2e.journey import PASSWORD
from tests.e2e.stack import Stack
from tests.faces import jpeg, no_face, portrait, portraits

pytestmark = pytest.mark.e2e
MAKE_KEY = """
from datetime import timedelta
from django.utils import timezone
from enrollment.services.service_keys import service_key_create
expires_at = timezone.now() + timedelta(days=1)
print(service_key_create(name="client", scopes={scopes}, expires_at=expires_at, actor=None)[1])
"""
MAKE_STAFF = f"""
from enrollment.models import User
User.objects.create_superuser("chief", "chief@example.org", "{PASSWORD}")
"""


@pytest.fixture
def backend(site: Stack) -> Callable[..., FaceVerify]:
    def make(*scopes: str) -> FaceVerify:
        key = site.manage("shell", "--verbosity", "0", "-c", MAKE_KEY.format(scopes=list(scopes)))
        return FaceVerify(site.url, api_key=key.split()[-1])

    return make


def token(site: Stack, path: str, **fields: str) -> str:
    answer = httpx.post(f"{site.url}/_allauth/app/v1/auth/{path}", json=fields)
    return str(answer.json()["meta"]["session_token"])


def test_a_backend_keeps_people(backend):
    with backend("subjects:write", "verify", "identify", "scores") as site:
        person = site.subjects.create(external_id="client-1", consent=True)
        enrolled = site.subjects.add_samples(person.id, *portraits(), no_face())
        assert [sample.state for sample in enrolled.samples] == ["accepted"] * 3 + ["rejected"]
        assert [reason.code for reason in enrolled.rejected[0].reasons] == ["no_face"]
        verdict = site.subjects.verify(person.id, jpeg(portrait(), quality=80))
        assert verdict.matched
        assert (verdict.similarity or 0) >= (verdict.threshold or 1)
        assert site.subjects.verification(person.id, verdict.id) == verdict
        found = site.identify(jpeg(portrait(), quality=81)).candidates
        assert "client-1" in {candidate.external_id for candidate in found if candidate.matched}
        site.subjects.delete_sample(person.id, str(enrolled.samples[0].id))
        assert not site.subjects.read(person.id).anchors.usable
        site.subjects.delete(person.id)
        with pytest.raises(Problem) as caught:
            site.subjects.read(person.id)
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert caught.value.request_id


def test_a_backend_sees_no_numbers_without_the_scope_for_them(backend):
    with backend("subjects:write", "verify") as site:
        person = site.subjects.create(external_id="client-2", consent=True)
        site.subjects.add_samples(person.id, *portraits())
        verdict = site.subjects.verify(person.id, jpeg(portrait(), quality=82))
        assert (verdict.matched, verdict.similarity, verdict.threshold) == (True, None, None)
        assert site.compare(*portraits()[:2]).matched
        with pytest.raises(Problem) as caught:
            site.identify(portraits()[0])
    assert caught.value.code == "permission_denied"


def test_a_backend_sends_an_archive(backend):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for place, picture in enumerate(portraits()):
            packed.writestr(f"client-3/{place}.jpg", picture)
    with backend("subjects:write") as site:
        report = site.subjects.import_archive(archive.getvalue(), consent=True)
        assert (report.total, {picture.name[:9] for picture in report.pictures}) == (3, {"client-3/"})
        assert "client-3" in {person.external_id for person in site.subjects.list()}


def test_a_person_enrolls_and_takes_it_back(site):
    said = token(site, "signup", username="clara", email="clara@example.org", password=PASSWORD)
    with FaceVerify(site.url, session_token=said) as app:
        assert app.consents.replace(sign_in=True).sign_in.given
        sample = app.samples.add(portraits()[0]).samples[0]
        assert app.samples.read(str(sample.id)) == sample
        assert [listed.id for listed in app.samples.list()] == [sample.id]
        assert app.me().anchors.accepted == 1
        assert not app.consents.replace(sign_in=False).sign_in.given
        assert list(app.samples.list()) == []


def test_staff_look_at_models(site):
    site.manage("shell", "-c", MAKE_STAFF)
    with FaceVerify(
        site.url, session_token=token(site, "login", username="chief", password=PASSWORD)
    ) as staff:
        (active,) = [version for version in staff.models.list() if version.state == "active"]
        assert staff.models.read(active.id).name == active.name
        assert list(staff.training_runs.list()) == []
        with pytest.raises(Problem) as caught:
            staff.training_runs.request(note="nobody agreed to it")
    assert caught.value.status in {409, 422}
