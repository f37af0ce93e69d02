"""One face under two accounts is flagged to staff, and to nobody else."""

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db.models import F
from django.utils import timezone

from enrollment import jobs
from enrollment.errors import IllegalTransition
from enrollment.jobs import duplicates, gallery
from enrollment.jobs.duplicates import LOST_AFTER
from enrollment.models import DuplicateFlag, Subject, Template
from enrollment.services import duplicate_resolve, face_erase
from tests.faces import portraits
from tests.factories import ConsentFactory, SampleFactory, enrolled_subject, model_version

pytestmark = pytest.mark.django_db
ADMIN = "/admin/enrollment/duplicateflag/"


@pytest.fixture
def version(db):
    gallery._known.clear()  # ids begin anew with every test
    return model_version()


@pytest.fixture
def pair(version):
    face = np.eye(192, dtype=np.float32)[0]
    return enrolled_subject(version, face), enrolled_subject(version, face)


@pytest.fixture
def flag(pair):
    jobs.duplicates_check(pair[1].pk)
    return DuplicateFlag.objects.get()


def enroll(subject):
    samples = [
        SampleFactory(
            subject=subject, image=ContentFile(data, name="x"), image_digest=f"{subject.pk}-{number}"
        )
        for number, data in enumerate(portraits())
    ]
    return [jobs.template_extract(str(sample.pk)) for sample in samples]


def test_it_flags_one_face_under_two_accounts(version):
    first, second = ConsentFactory().subject, ConsentFactory().subject
    assert enroll(first) == [None, None, first.pk]
    enroll(second)
    jobs.duplicates_check(second.pk)
    flag = DuplicateFlag.objects.get()
    assert (flag.subject, flag.other, flag.model_version) == (second, first, version)
    assert flag.similarity > 0.99


def test_a_check_whose_message_got_lost_comes_back_until_it_is_done(version):
    subject = ConsentFactory().subject
    enroll(subject)
    assert jobs.duplicates_claim_lost() == []
    Subject.objects.update(duplicates_due_at=F("duplicates_due_at") - LOST_AFTER)
    assert jobs.duplicates_claim_lost() == [subject.pk]
    assert jobs.duplicates_claim_lost() == []  # claimed for this try
    jobs.duplicates_check(subject.pk)
    subject.refresh_from_db()
    assert subject.duplicates_due_at is None


def test_a_template_that_does_not_open_is_not_tried_for_ever(pair, caplog):
    Template.objects.filter(sample__subject=pair[0]).update(sealed_embedding=b"\x01altered" * 9)
    Subject.objects.update(duplicates_due_at=timezone.now())
    jobs.duplicates_check(pair[0].pk)
    pair[0].refresh_from_db()
    assert pair[0].duplicates_due_at is None
    assert "does not open" in caplog.text


def test_an_anchor_that_comes_during_a_check_is_checked_anew(version, monkeypatch):
    subject = ConsentFactory().subject
    enroll(subject)
    later = timezone.now() + LOST_AFTER
    monkeypatch.setattr(
        duplicates, "_flag_alike", lambda subject: Subject.objects.update(duplicates_due_at=later)
    )
    jobs.duplicates_check(subject.pk)
    subject.refresh_from_db()
    assert subject.duplicates_due_at == later


def test_it_flags_nobody_for_looking_like_themselves(version):
    subject = enrolled_subject(version, np.eye(192, dtype=np.float32)[0])
    jobs.duplicates_check(subject.pk)
    assert not DuplicateFlag.objects.exists()


def test_it_flags_no_two_different_people(version):
    one, _ = (enrolled_subject(version, np.eye(192, dtype=np.float32)[axis]) for axis in (0, 1))
    jobs.duplicates_check(one.pk)
    assert not DuplicateFlag.objects.exists()


def test_it_flags_a_pair_once_whichever_comes_first(pair):
    for subject in (*pair, pair[0]):
        jobs.duplicates_check(subject.pk)
    assert DuplicateFlag.objects.count() == 1


def test_it_does_not_open_a_resolved_pair_again(flag, pair):
    duplicate_resolve(flag)
    jobs.duplicates_check(pair[0].pk)
    assert DuplicateFlag.objects.get().resolved_at


def test_it_resolves_a_pair_once(flag):
    duplicate_resolve(flag)
    with pytest.raises(IllegalTransition):
        duplicate_resolve(flag)


def test_it_looks_at_nobody_without_consent(pair):
    pair[1].consents.update(withdrawn_at=timezone.now())
    jobs.duplicates_check(pair[1].pk)
    assert not DuplicateFlag.objects.exists()


def test_it_does_nothing_for_people_who_are_gone(version):
    jobs.duplicates_check(10**9)
    assert not DuplicateFlag.objects.exists()


def test_it_erases_flags_with_the_face(flag, pair):
    face_erase(pair[0].user)
    assert not DuplicateFlag.objects.exists()


def test_it_tells_the_person_nothing(flag, pair, browser_of):
    browser = browser_of(pair[1].user)
    assert b"duplicate" not in browser.get("/api/v1/samples").content.lower()
    assert pair[0].user.username.encode() not in browser.get("/face/").content


def test_it_lets_staff_resolve_flags(flag, staff, browser_of):
    staff.is_superuser = True
    staff.save()
    answer = browser_of(staff).post(ADMIN, {"action": "resolve", "_selected_action": [flag.pk]}, follow=True)
    assert "1 pair marked as resolved" in answer.content.decode()
    flag.refresh_from_db()
    assert flag.resolved_at


def test_it_shows_flags_to_permitted_staff_only(flag, staff, owner, browser_of):
    assert browser_of().get(ADMIN).status_code == 302
    assert browser_of(owner).get(ADMIN, follow=True).status_code == 403
    assert browser_of(staff).get(ADMIN).status_code == 403
