"""A new wording of the consent page is put to everybody who agreed to an older one."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from enrollment import policy
from enrollment.errors import ConsentMissing
from enrollment.models import Consent, Sample
from enrollment.selectors import training_samples
from enrollment.services import consents_give, sample_submit
from tests.faces import jpeg, portrait
from tests.factories import PASSWORD, ConsentFactory, SampleFactory
from verification.models import VerificationSession
from verification.selectors import comparable_subject

pytestmark = pytest.mark.django_db
CHANGE = "Pictures are now kept for a year."
CONSENT_PAGE = "/face/consent/"


@pytest.fixture
def reworded(owner, monkeypatch):
    """Somebody with three anchors who agreed to sign-in and training before the wording changed, so many days ago."""
    ConsentFactory(subject=owner.subject, purpose="training")
    for _ in range(3):
        sample = SampleFactory(subject=owner.subject)
        sample.accept(crop=b"crop", quality={})
        sample.decided_at = timezone.now() - timedelta(hours=25)
        sample.save()

    def reword(*, days_ago: int = 0):
        since = timezone.localdate() - timedelta(days=days_ago)
        monkeypatch.setitem(policy.CONSENT_TEXTS, "2099-01", (since, CHANGE))
        return owner

    return reword


def may_sign_in(user) -> bool:
    session = VerificationSession(purpose=VerificationSession.Purpose.SIGN_IN, user=user)
    return comparable_subject(session) is not None


def sign_in(browser, user):
    return browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD})


def test_it_asks_at_the_next_sign_in(reworded, browser_of):
    assert sign_in(browser_of(), reworded()).url == CONSENT_PAGE


def test_it_asks_nobody_who_agreed_to_this_wording(owner, browser_of):
    assert sign_in(browser_of(), owner).url == "/"


def test_it_asks_before_more_pictures(reworded, browser_of):
    assert browser_of(reworded()).get("/face/").url == CONSENT_PAGE


def test_it_says_what_changed_and_ticks_nothing(reworded, browser_of):
    page = browser_of(reworded()).get(CONSENT_PAGE).content.decode()
    assert CHANGE in page
    assert " checked" not in page


def test_it_takes_no_picture_under_an_older_wording(reworded):
    with pytest.raises(ConsentMissing):
        sample_submit(reworded(), ContentFile(jpeg(portrait()), name="x.jpg"))


def test_it_learns_from_nobody_under_an_older_wording(reworded):
    assert training_samples() != []
    reworded()
    assert training_samples() == []


@pytest.mark.parametrize(("days_ago", "counts"), [(0, True), (29, True), (30, False)])
def test_an_older_wording_signs_in_for_thirty_days(reworded, days_ago, counts):
    assert may_sign_in(reworded(days_ago=days_ago)) is counts


def test_agreeing_opens_everything_again_and_keeps_the_old_record(reworded, browser_of):
    user = reworded(days_ago=31)
    browser_of(user).post(CONSENT_PAGE, {"sign_in": "on"})
    assert may_sign_in(user)
    assert browser_of(user).get("/face/").status_code == 200
    agreed = {
        consent.text_version: consent.withdrawn_at for consent in Consent.objects.filter(purpose="sign_in")
    }
    assert agreed.keys() == {"2026-11", "2099-01"}
    assert agreed["2026-11"] is not None
    assert agreed["2099-01"] is None
    assert Sample.objects.count() == 3


def test_training_that_is_not_ticked_again_ends(reworded):
    consents_give(reworded(), {"sign_in"})
    assert not Consent.objects.filter(purpose="training", withdrawn_at=None).exists()
