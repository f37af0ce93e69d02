"""However somebody is erased, staff read in the audit log which models learned from them."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from enrollment.models import AuditEvent, ModelVersion, Sample
from tests.factories import PASSWORD, UserFactory, backend_subject, enrolled_subject, model_version

pytestmark = pytest.mark.django_db
FACE = np.full(192, 192**-0.5, dtype=np.float32)
FOUR_YEARS_AGO = timezone.now() - timedelta(days=4 * 365)


def learned_from(subject) -> None:
    """One model saw this person, another did not."""
    ModelVersion.objects.update(lineage={"subjects": {str(subject.pk): ["x"]}})
    ModelVersion.objects.create(name="elsewhere", digest="e", lineage={"subjects": {"0": ["x"]}})


@pytest.fixture
def person():
    subject = enrolled_subject(model_version(), FACE, username="ada")
    learned_from(subject)
    return subject


def named(action: str, subject_id: int) -> list[str]:
    return AuditEvent.objects.get(action=action, subject_id=subject_id).details["learned_by"]


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/face/erase/", {}),
        ("/face/account/delete/", {}),
        ("/face/consent/withdraw/", {"purpose": "sign_in"}),
    ],
    ids=["face", "account", "consent"],
)
def test_every_page_that_erases_names_them(person, browser_of, page, form):
    browser = browser_of(person.user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.post(page, form).status_code == 302
    assert not Sample.objects.exists()
    assert named("face_erase", person.pk) == ["mobilefacenet-base-1"]


def test_staff_read_it_on_their_page(person, browser_of):
    browser_of(person.user).post("/face/erase/")
    staff = browser_of(UserFactory(is_staff=True, is_superuser=True))
    listed = staff.get("/admin/enrollment/auditevent/?action=face_erase").content.decode()
    assert "learned by mobilefacenet-base-1" in listed
    event = AuditEvent.objects.get(action="face_erase")
    assert (
        "mobilefacenet-base-1"
        in staff.get(f"/admin/enrollment/auditevent/{event.pk}/change/").content.decode()
    )


def test_staff_who_delete_an_account_are_told(person, browser_of):
    chief = UserFactory(is_staff=True, is_superuser=True)
    browser_of(chief).post(f"/admin/enrollment/user/{person.user.pk}/delete/", {"post": "yes"})
    assert named("face_erase", person.pk) == ["mobilefacenet-base-1"]


def test_the_purge_names_them(person):
    Sample.objects.update(created_at=FOUR_YEARS_AGO)
    person.consents.update(granted_at=FOUR_YEARS_AGO)
    call_command("purge")
    assert named("face_erase", person.pk) == ["mobilefacenet-base-1"]


def test_a_backend_that_deletes_a_subject_leaves_them_named(backend_of):
    subject = backend_subject(model_version(), FACE)
    learned_from(subject)
    answer = backend_of("subjects:write").delete(f"/api/v1/subjects/{subject.public_id}")
    assert answer.status_code == 204
    assert named("subject_erase", subject.pk) == ["mobilefacenet-base-1"]


def test_it_says_so_when_no_model_learned(browser_of):
    subject = enrolled_subject(model_version(), FACE)
    browser_of(subject.user).post("/face/erase/")
    assert named("face_erase", subject.pk) == []
