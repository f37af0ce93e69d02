import pytest

from enrollment.models import Consent, Sample
from enrollment.selectors import has_consent
from enrollment.services import consent_withdraw, consents_give
from tests.factories import ConsentFactory, SampleFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_it_records_what_was_agreed_to():
    subject = consents_give(UserFactory(), {"sign_in"})
    assert has_consent(subject, Consent.Purpose.SIGN_IN)
    assert not has_consent(subject, Consent.Purpose.TRAINING)


def test_it_records_the_same_consent_once():
    user = UserFactory()
    consents_give(user, {"sign_in"})
    consents_give(user, {"sign_in", "training"})
    assert Consent.objects.filter(purpose="sign_in").count() == 1


def test_it_keeps_the_record_of_a_consent_that_ended():
    user = ConsentFactory().subject.user
    consent_withdraw(user, "sign_in")
    assert Consent.objects.get().withdrawn_at is not None


def test_it_erases_the_face_with_the_consent_for_sign_in():
    sample = SampleFactory(subject=ConsentFactory().subject)
    consent_withdraw(sample.subject.user, "sign_in")
    assert not Sample.objects.exists()


def test_it_keeps_the_face_when_training_is_withdrawn():
    sample = SampleFactory(subject=ConsentFactory(purpose="training").subject)
    consent_withdraw(sample.subject.user, "training")
    assert Sample.objects.exists()


def test_it_erases_the_face_when_sign_in_is_no_longer_ticked():
    sample = SampleFactory(subject=ConsentFactory().subject)
    consents_give(sample.subject.user, {"training"})
    assert not has_consent(sample.subject, Consent.Purpose.SIGN_IN)
    assert not Sample.objects.exists()
