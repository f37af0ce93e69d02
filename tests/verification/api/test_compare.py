"""Two pictures in, one verdict out."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.models import ModelVersion
from tests import faces
from tests.faces import jpeg, portrait, portraits
from verification import jobs
from verification.models import Comparison

pytestmark = pytest.mark.django_db
URL = "/api/v1/compare"
KEYS = {
    "id",
    "state",
    "matched",
    "measure",
    "similarity",
    "distance",
    "threshold",
    "threshold_distance",
    "fmr",
    "boxes",
    "crops",
    "model",
    "reasons",
}


@pytest.fixture(autouse=True)
def _version(version):
    """Comparisons need a model."""


def picture(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("picture.jpg", data)


def send(browser, a: bytes = portraits()[0], b: bytes = portraits()[1], **more):
    return browser.post(URL, {"image_a": picture(a), "image_b": picture(b)} | more)


def compare(browser, *pictures, **more) -> dict:
    sent = send(browser, *pictures, **more).json()
    jobs.comparison_decide(sent["id"])
    return browser.get(f"{URL}/{sent['id']}").json()


def test_it_takes_two_pictures(owner, browser_of):
    answer = send(browser_of(owner))
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert answer.json().keys() == KEYS


def test_it_tells_the_owner_score_boxes_and_gray_faces(owner, browser_of):
    answer = compare(browser_of(owner))
    assert (answer["state"], answer["matched"]) == ("decided", True)
    assert answer["similarity"] > answer["threshold"]
    assert answer["distance"] < answer["threshold_distance"]
    assert [box.keys() for box in answer["boxes"]] == [
        {"x_min", "y_min", "x_max", "y_max", "probability"}
    ] * 2
    assert all(crop.startswith("data:image/jpeg;base64,") for crop in answer["crops"])


def test_it_serves_people_who_never_enrolled(stranger, browser_of):
    assert compare(browser_of(stranger))["matched"] is True


def test_it_serves_staff_for_their_own_pictures_alone(owner, staff, browser_of):
    sent = send(browser_of(owner)).json()
    assert browser_of(staff).get(f"{URL}/{sent['id']}").status_code == 404
    assert send(browser_of(staff)).status_code == 202


def test_it_hides_a_comparison_from_strangers(owner, stranger, browser_of):
    sent = send(browser_of(owner)).json()
    answer = browser_of(stranger).get(f"{URL}/{sent['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_asks_anonymous_people_to_sign_in(owner, browser_of):
    assert send(browser_of()).status_code == 401
    assert browser_of().get(f"{URL}/x").status_code == 401


def test_it_says_which_picture_will_not_do(owner, browser_of):
    answer = compare(browser_of(owner), faces.no_face(), faces.two_people())
    assert (answer["state"], answer["matched"]) == ("void", None)
    found = [(reason["picture"], reason["code"]) for reason in answer["reasons"]]
    assert found == [("image_a", "no_face"), ("image_b", "several_faces")]
    assert all(reason["message"] for reason in answer["reasons"])


def test_it_says_which_file_will_not_do(owner, browser_of):
    answer = send(browser_of(owner), portraits()[0], b"text")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert answer.json()["detail"].startswith("Picture B: ")


def test_it_needs_both_pictures(owner, browser_of):
    answer = browser_of(owner).post(URL, {"image_a": picture(portraits()[0])})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_it_compares_under_the_version_that_is_named(owner, browser_of, version):
    ModelVersion.objects.update(state="retired")
    assert send(browser_of(owner)).status_code == 503
    assert compare(browser_of(owner), model=version.name)["model"] == version.name


def test_it_compares_under_the_version_of_an_id(owner, browser_of, version):
    assert compare(browser_of(owner), model=str(version.pk))["model"] == version.name


@pytest.mark.parametrize("model", ["no-such-model", "0", "9" * 40])
def test_it_knows_no_other_versions(owner, browser_of, model):
    answer = send(browser_of(owner), model=model)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_model")


@pytest.mark.parametrize("state", ["draft", "training", "refused"])
def test_it_uses_no_version_that_is_not_ready(owner, browser_of, version, state):
    ModelVersion.objects.update(state=state)
    assert send(browser_of(owner), model=version.name).status_code == 422


def test_it_takes_no_third_pair_while_two_wait(owner, browser_of):
    browser = browser_of(owner)
    codes = [send(browser).status_code for _ in range(3)]
    assert codes == [202, 202, 409]


@pytest.mark.django_db(transaction=True)
def test_it_answers_503_and_keeps_no_picture_without_a_broker(owner, browser_of, version):
    if settings.REDIS_URL:
        pytest.skip("the broker is somebody else's: REDIS_URL is set")
    if settings.BROKER_SOCKET.exists():
        pytest.skip("the broker of another test is up")
    answer = send(browser_of(owner))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert bytes(Comparison.objects.get().sealed_pictures) == b""


def test_a_key_compares_with_the_scope_for_it(version, backend_of):
    for scopes, status in ((("verify",), 202), (("identify", "scores", "subjects:write"), 403), ((), 403)):
        files = {name: SimpleUploadedFile("a.jpg", jpeg(portrait())) for name in ("image_a", "image_b")}
        assert backend_of(*scopes).post(URL, files).status_code == status


def test_it_takes_base64_in_json(version, backend_of):
    import base64

    picture = base64.b64encode(jpeg(portrait())).decode()
    body = {"image_a": picture, "image_b": f"data:image/jpeg;base64,{picture}"}
    backend = backend_of("verify")
    sent = backend.post(URL, body, content_type="application/json")
    jobs.comparison_decide(sent.json()["id"])
    assert backend.get(f"{URL}/{sent.json()['id']}").json()["matched"] is True


def test_it_refuses_json_that_holds_no_base64(version, backend_of):
    body = {"image_a": "no base64!", "image_b": 7}
    answer = backend_of("verify").post(URL, body, content_type="application/json")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"image_a", "image_b"})
