import pytest

from enrollment.models import Sample
from tests.faces import jpeg, portrait
from tests.factories import SampleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(owner):
    sample = SampleFactory(subject=owner.subject)
    sample.accept(crop=jpeg(portrait()), quality={})
    sample.save()
    return sample


def test_it_shows_the_crop_to_its_owner(sample, owner, browser_of):
    answer = browser_of(owner).get(f"/face/samples/{sample.pk}/crop/")
    assert answer.content == jpeg(portrait())
    assert "no-store" in answer["Cache-Control"]


def test_it_hides_the_crop_from_everybody_else(sample, stranger, staff, browser_of):
    for user, status in ((stranger, 404), (staff, 404), (None, 302)):
        assert browser_of(user).get(f"/face/samples/{sample.pk}/crop/").status_code == status


def test_it_shows_no_crop_of_a_pending_picture(owner, browser_of):
    sample = SampleFactory(subject=owner.subject)
    assert browser_of(owner).get(f"/face/samples/{sample.pk}/crop/").status_code == 404


def test_it_says_that_a_crop_cannot_be_opened(sample, owner, browser_of):
    Sample.objects.update(sealed_crop=b"\x01altered")
    browser = browser_of(owner)
    browser.raise_request_exception = False
    answer = browser.get(f"/face/samples/{sample.pk}/crop/")
    assert answer.status_code == 503
    assert "seal_broken" in answer.content.decode()


def test_it_asks_for_consent_before_the_camera(stranger, browser_of):
    assert browser_of(stranger).get("/face/").url == "/face/consent/"


def test_it_opens_the_camera_page_after_consent(stranger, browser_of):
    browser = browser_of(stranger)
    assert browser.post("/face/consent/", {"sign_in": "on"}).url == "/face/"
    assert browser.get("/face/").status_code == 200


def test_it_tells_why_a_picture_was_rejected(owner, browser_of):
    sample = SampleFactory(subject=owner.subject)
    sample.reject(["too_dark"])
    sample.save()
    assert "It is too dark" in browser_of(owner).get("/face/").content.decode()


def test_it_demands_the_consent_for_sign_in(stranger, browser_of):
    answer = browser_of(stranger).post("/face/consent/", {"training": "on"})
    assert answer.status_code == 200
    assert not stranger.__class__.objects.filter(pk=stranger.pk, subject__isnull=False).exists()


def test_it_erases_the_face_when_consent_is_withdrawn(sample, owner, browser_of):
    browser_of(owner).post("/face/consent/withdraw/", {"purpose": "sign_in"})
    assert not Sample.objects.exists()


def test_it_knows_no_other_purposes(owner, browser_of):
    assert browser_of(owner).post("/face/consent/withdraw/", {"purpose": "selling"}).status_code == 404


def test_it_asks_before_erasing(sample, owner, browser_of):
    browser = browser_of(owner)
    assert browser.get("/face/erase/").status_code == 200
    assert Sample.objects.exists()
    browser.post("/face/erase/")
    assert not Sample.objects.exists()


def test_it_asks_for_the_password_before_deleting_an_account(sample, owner, browser_of):
    answer = browser_of(owner).post("/face/account/delete/")
    assert answer.url.startswith("/accounts/reauthenticate/")
    assert Sample.objects.exists()


def test_it_deletes_an_account_with_its_face(sample, browser_of):
    from tests.factories import PASSWORD

    user = sample.subject.user
    browser = browser_of(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.get("/face/account/delete/").status_code == 200
    assert browser.post("/face/account/delete/").url == "/"
    assert not type(user).objects.filter(pk=user.pk).exists()
    assert not Sample.objects.exists()


def test_a_superuser_deletes_an_account_with_its_face(sample, staff, browser_of):
    staff.is_superuser = True
    staff.save()
    user = sample.subject.user
    browser_of(staff).post(f"/admin/enrollment/user/{user.pk}/delete/", {"post": "yes"})
    assert not type(user).objects.filter(pk=user.pk).exists()
    assert not Sample.objects.exists()


@pytest.mark.parametrize("path", ["/face/", "/face/consent/", "/face/erase/", "/verify/"])
def test_it_sends_anonymous_people_to_sign_in(path, browser_of):
    assert browser_of().get(path).url.startswith("/accounts/login/")
