"""Sending the frames that answer a challenge."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.faces import jpeg, portrait
from verification.challenge import TURNS
from verification.models import Attempt

pytestmark = pytest.mark.django_db
URL = "/api/v1/verification-sessions"


@pytest.fixture
def browser(browser_of, settings, version):
    settings.LIVENESS = "required"
    return browser_of()


def opened(browser, **body: str) -> dict:
    return browser.post(
        URL, {"purpose": "sign_in", "login": "ada"} | body, content_type="application/json"
    ).json()


def send(browser, session: dict, count: int):
    images = [SimpleUploadedFile(f"{n}.jpg", jpeg(portrait(), quality=80 + n)) for n in range(count)]
    return browser.post(f"{URL}/{session['id']}/frames", {"image": images})


def test_it_tells_the_challenge(browser):
    challenge = opened(browser)["challenge"]
    assert len(challenge["actions"]) == 2
    assert TURNS & set(challenge["actions"])
    assert (challenge["min_frames"], challenge["max_frames"], challenge["max_side_px"]) == (4, 12, 640)


def test_it_takes_all_frames_in_order(browser):
    answer = send(browser, opened(browser), 5)
    assert (answer.status_code, answer.json()["state"]) == (202, "in_progress")
    assert Attempt.objects.get().frames == [jpeg(portrait(), quality=80 + n) for n in range(5)]


def test_it_refuses_a_single_picture(browser):
    answer = send(browser, opened(browser), 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "frames_refused")
    assert not Attempt.objects.exists()


def test_it_refuses_more_than_twelve(browser):
    assert send(browser, opened(browser), 13).status_code in {400, 422}
    assert not Attempt.objects.exists()


def test_it_keeps_the_frames_sealed(browser):
    send(browser, opened(browser), 4)
    assert b"JFIF" not in bytes(Attempt.objects.get().sealed_probe)


def test_it_asks_for_nothing_to_see_whether_one_is_recognised(
    browser_of, browser, portrait_embedding, version
):
    from tests.factories import enrolled_subject

    user = enrolled_subject(version, portrait_embedding, username="ada").user
    assert opened(browser_of(user), purpose="verify")["challenge"] is None
