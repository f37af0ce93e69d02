"""The gallery of everybody's templates, with the shipped model."""

from datetime import timedelta

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import call_command
from django.utils import timezone

from enrollment.errors import ModelUnavailable
from enrollment.jobs import candidates_for, embeddings_of, gallery
from enrollment.models import Consent, ModelVersion, Template
from enrollment.policy import CONSENT_TEXTS, consent_text
from enrollment.tasks import worker_heartbeat
from tests.artifacts import SIZE, small_artifact
from tests.factories import SubjectFactory, accepted_sample, enrolled_subject, model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(db):
    gallery._known.clear()  # ids begin anew with every test
    return model_version()


def direction(axis: int) -> np.ndarray:
    return np.eye(192, dtype=np.float32)[axis]


def search(probe: np.ndarray, version) -> list[int]:
    return [found.subject for found in candidates_for(probe, version, count=5, fmr=1e-4) if found.matched]


def test_it_finds_the_enrolled_person_first(version):
    ada, bob = (enrolled_subject(version, direction(axis)) for axis in (0, 1))
    found = candidates_for(direction(1) + 0.1 * direction(0), version, count=5, fmr=1e-4)
    assert [person.subject for person in found] == [bob.pk, ada.pk]
    assert [person.matched for person in found] == [True, False]
    assert found[0].threshold == pytest.approx(0.5644)  # three anchors


def test_it_finds_nobody_on_an_empty_site(version):
    assert candidates_for(direction(0), version, count=5, fmr=1e-4) == []


def test_it_notices_newcomers(version):
    assert search(direction(0), version) == []
    ada = enrolled_subject(version, direction(0))
    assert search(direction(0), version) == [ada.pk]


def test_it_forgets_whoever_withdraws_consent(version):
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    Consent.objects.filter(subject=ada).update(withdrawn_at=timezone.now())
    assert search(direction(0), version) == []


@pytest.fixture
def opened(version, monkeypatch):
    """A gallery of one person that compares the latest rows alone from now on; and none of those before it."""
    monkeypatch.setattr(gallery, "OVERLAP", 0)
    ada = enrolled_subject(version, direction(0))
    assert search(direction(0), version) == [ada.pk]
    monkeypatch.setattr(gallery, "_stamp", lambda _: pytest.fail("everything was compared"))
    return ada


def test_it_notices_newcomers_by_their_rows_alone(opened, version):
    bob = enrolled_subject(version, direction(1))
    assert search(direction(1), version) == [bob.pk]
    assert search(direction(0), version) == [opened.pk]


def test_it_notices_another_anchor_of_somebody_known(opened, version):
    accepted_sample(opened, version, direction(0) + direction(1))
    assert candidates_for(direction(0), version, count=1, fmr=1e-4)[0].similarity < 1


def test_it_notices_a_consent_given_anew(version, monkeypatch):
    monkeypatch.setattr(gallery, "OVERLAP", 0)
    ada = enrolled_subject(version, direction(0))
    Consent.objects.filter(subject=ada).update(withdrawn_at=timezone.now())
    assert search(direction(0), version) == []
    monkeypatch.setattr(gallery, "_stamp", lambda _: pytest.fail("everything was compared"))
    Consent.objects.create(subject=ada, purpose=Consent.Purpose.SIGN_IN, text_version=consent_text())
    assert search(direction(0), version) == [ada.pk]


def test_it_notices_rows_that_were_numbered_before_they_could_be_seen(version):
    ada, bob = (enrolled_subject(version, direction(axis)) for axis in (0, 1))
    late = list(Template.objects.filter(sample__subject=ada))
    Template.objects.filter(sample__subject=ada).delete()
    assert search(direction(1), version) == [bob.pk]
    Template.objects.bulk_create(late)
    assert search(direction(0), version) == [ada.pk]


def later(monkeypatch) -> None:
    """A minute has passed."""
    monkeypatch.setattr(gallery, "WHOLE_AFTER_SECONDS", -1)


@pytest.mark.parametrize("overlap", [0, 200])
def test_it_forgets_a_newcomer_who_is_erased_at_once(version, monkeypatch, overlap):
    monkeypatch.setattr(gallery, "OVERLAP", overlap)
    enrolled_subject(version, direction(0))
    search(direction(0), version)
    bob = enrolled_subject(version, direction(1))
    assert search(direction(1), version) == [bob.pk]
    bob.delete()
    assert search(direction(1), version) == []
    later(monkeypatch)
    assert search(direction(1), version) == []


@pytest.mark.parametrize("overlap", [0, 200])
def test_it_forgets_within_a_minute_a_newcomer_whom_nobody_searches_for(version, monkeypatch, overlap):
    monkeypatch.setattr(gallery, "OVERLAP", overlap)
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    bob = enrolled_subject(version, direction(1))
    search(direction(0), version)
    bob.delete()
    later(monkeypatch)
    candidates_for(direction(0), version, count=1, fmr=1e-4)
    assert kept() == [ada.pk]


def test_it_forgets_an_anchor_that_was_taken_back_at_once(version, monkeypatch):
    monkeypatch.setattr(gallery, "OVERLAP", 0)
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    another = accepted_sample(ada, version, direction(0) + direction(1))
    assert candidates_for(direction(0), version, count=1, fmr=1e-4)[0].similarity < 1
    another.delete()
    assert candidates_for(direction(0), version, count=1, fmr=1e-4)[0].similarity == pytest.approx(1)


def test_it_forgets_who_came_while_it_read_and_went_again(version, monkeypatch):
    enrolled_subject(version, direction(0))
    stamp, came = gallery._stamp, []

    def read_before_somebody_comes(of):
        seen = stamp(of)
        if not came:
            came.append(enrolled_subject(of, direction(1)))
        return seen

    monkeypatch.setattr(gallery, "_stamp", read_before_somebody_comes)
    search(direction(0), version)
    came[0].delete()
    later(monkeypatch)
    candidates_for(direction(0), version, count=1, fmr=1e-4)
    assert len(kept()) == 1


def test_it_asks_once_more_about_whom_it_finds(version, monkeypatch):
    monkeypatch.setattr(gallery, "OVERLAP", 0)  # so that the latest rows tell nothing
    ada, bob = (enrolled_subject(version, direction(axis)) for axis in (0, 1))
    search(direction(0), version)
    Consent.objects.filter(subject=ada).update(withdrawn_at=timezone.now())
    found = candidates_for(direction(0) + 0.1 * direction(1), version, count=1, fmr=1e-4)
    assert [person.subject for person in found] == [bob.pk]


def test_it_goes_on_where_time_ran_out(version, monkeypatch):
    people = [enrolled_subject(version, direction(axis)).pk for axis in range(3)]
    monkeypatch.setattr(gallery, "BATCH", 1)
    means, opened = gallery._means, []

    def until_time_runs_out(subjects, *told):
        if len(opened) == 2:
            raise SoftTimeLimitExceeded
        opened.extend(subjects)
        return means(subjects, *told)

    monkeypatch.setattr(gallery, "_means", until_time_runs_out)
    with pytest.raises(SoftTimeLimitExceeded):
        search(direction(2), version)
    monkeypatch.setattr(
        gallery, "_means", lambda subjects, *told: opened.extend(subjects) or means(subjects, *told)
    )
    assert search(direction(2), version) == people[2:]
    assert opened == people


def test_it_forgets_within_a_minute_whom_no_search_finds(opened, version, monkeypatch):
    monkeypatch.undo()
    opened.delete()
    later(monkeypatch)
    candidates_for(direction(1), version, count=0, fmr=1e-4)
    assert kept() == []


def kept() -> list[int]:
    """Of whom this process has templates in memory."""
    return [subject for known in gallery._known.values() for subject in known.gallery.subjects.tolist()]


def test_a_sign_of_life_forgets_the_erased_though_nobody_searches(version):
    ada, bob = (enrolled_subject(version, direction(axis)) for axis in (0, 1))
    search(direction(0), version)
    ada.delete()
    assert len(kept()) == 2
    worker_heartbeat("biometric")
    assert kept() == [bob.pk]


def test_a_sign_of_life_forgets_a_version_that_was_replaced(version):
    enrolled_subject(version, direction(0))
    search(direction(0), version)
    gallery._known[version.pk + 1] = gallery._known.pop(version.pk)
    worker_heartbeat("biometric")
    assert kept() == []


def test_a_sign_of_life_opens_no_templates_where_nobody_searched(version):
    enrolled_subject(version, direction(0))
    worker_heartbeat("biometric")
    assert kept() == []


def test_it_forgets_whoever_falls_below_the_minimum_of_anchors(version):
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    ada.samples.first().delete()
    assert search(direction(0), version) == []


def test_it_follows_anchors_that_change(version):
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    for sample in ada.samples.all():
        sample.delete()
    for _ in range(3):
        accepted_sample(ada, version, direction(5))
    assert (search(direction(0), version), search(direction(5), version)) == ([], [ada.pk])


def test_it_leaves_out_people_without_consent(version):
    subject = SubjectFactory()
    for _ in range(3):
        accepted_sample(subject, version, direction(0))
    assert search(direction(0), version) == []


def test_it_opens_only_what_changed(version):
    ada = enrolled_subject(version, direction(0))
    search(direction(0), version)
    Template.objects.filter(sample__subject=ada).update(sealed_embedding=b"never opened again")
    bob = enrolled_subject(version, direction(1))
    assert search(direction(0), version) == [ada.pk]
    assert search(direction(1), version) == [bob.pk]


def test_it_leaves_out_people_whose_templates_were_altered(version):
    ada, bob = (enrolled_subject(version, direction(0)) for _ in range(2))
    Template.objects.filter(sample__subject=ada).update(sealed_embedding=b"altered")
    assert search(direction(0), version) == [bob.pk]


def test_it_needs_the_model(version, tmp_path):
    version.path, version.digest = str(tmp_path), "0" * 64
    with pytest.raises(ModelUnavailable):
        candidates_for(direction(0), version, count=1, fmr=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras against NumPy 2
def test_it_searches_by_a_learned_comparator(version, tmp_path):
    """A probability of sigmoid(3 - 1) for a face that differs by 1 in one component from the mean of the anchors."""
    call_command("register_model", small_artifact(tmp_path / "learned-1", "koch4096", thresholds=(0.9,) * 3))
    learned = ModelVersion.objects.get(name="learned-1")
    face = np.linspace(0.2, 0.8, SIZE, dtype=np.float32)
    ada, bob = enrolled_subject(learned, face), enrolled_subject(learned, face + 1)
    found = candidates_for(face + np.eye(SIZE, dtype=np.float32)[0], learned, count=5, fmr=1e-4)
    assert [(person.subject, person.matched) for person in found] == [(ada.pk, False), (bob.pk, False)]
    assert found[0].similarity == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)
    assert candidates_for(face, learned, count=1, fmr=1e-4)[0].matched


def test_it_keeps_embeddings_of_any_size(version):
    embedding = np.random.default_rng(5).uniform(size=4096).astype(np.float32)
    sample = accepted_sample(SubjectFactory(), version, embedding)
    (kept,) = embeddings_of(list(Template.objects.filter(sample=sample)))
    np.testing.assert_array_equal(kept, embedding)


def test_it_finds_nobody_whose_consent_is_to_a_lapsed_wording(version, monkeypatch):
    ada = enrolled_subject(version, direction(0))
    assert search(direction(0), version) == [ada.pk]
    since = timezone.localdate() - timedelta(days=31)
    monkeypatch.setitem(CONSENT_TEXTS, "2099-01", (since, "x"))
    assert search(direction(0), version) == []
