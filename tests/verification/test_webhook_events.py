"""What backends are told of, as docs/webhooks.md has it, and how they know that it is true."""

import json
import re
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.jobs import reembedding, template_extract
from enrollment.models import WebhookDelivery, WebhookEndpoint
from enrollment.models.webhook_delivery import WAITS
from enrollment.models.webhook_endpoint import EventKind
from enrollment.services import model_version_promote, model_version_roll_back, webhook_create, webhook_rotate
from enrollment.tasks import webhook_send
from tests import faces
from tests.enrollment.receiver import receiving
from tests.enrollment.test_promotions import registered
from tests.faces import jpeg, portrait
from tests.factories import SampleFactory, SubjectFactory, enrolled_subject, service_key
from verification import jobs
from verification.models import Attempt, VerificationSession
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db
DOCS = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
EXAMPLES = {one["type"]: one for one in map(json.loads, re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL))}
KINDS = [kind.value for kind in EventKind if kind != EventKind.TEST]


@pytest.fixture(autouse=True)
def endpoint():
    endpoint = WebhookEndpoint(url="https://example.org/", kinds=KINDS)
    endpoint.shown = webhook_create(endpoint, actor=None)
    return endpoint


@pytest.fixture
def ada(version, portrait_embedding):
    return enrolled_subject(version, portrait_embedding, username="ada")


@pytest.fixture
def bob(version, other_embedding):
    return enrolled_subject(version, other_embedding, username="bob")


def told() -> dict:
    """The one event that there is."""
    return json.loads(WebhookDelivery.objects.get().body)


def try_session(data: bytes | None = None, **options) -> VerificationSession:
    session = session_open(browser_key="browser", source="127.0.0.1", **options)
    probe = SimpleUploadedFile("probe.jpg", data or jpeg(portrait()))
    jobs.attempt_decide(attempt_submit(session, probe).pk)
    return session


def looks_like(event: dict, example: dict) -> bool:
    """The same keys, and values of the same kinds."""
    return event.keys() == example.keys() and all(
        looks_like(value, example[key]) if isinstance(value, dict) else type(value) is type(example[key])
        for key, value in event.items()
    )


def test_a_success_names_the_person(ada):
    session = try_session(purpose="sign_in", login="ada")
    assert looks_like(told(), EXAMPLES["verification.succeeded"])
    assert told()["data"] == {
        "session": session.pk,
        "purpose": "sign_in",
        "subject": str(ada.public_id),
        "reasons": [],
    }


@pytest.mark.parametrize("login", ["bob", "nobody"])
def test_a_failed_sign_in_does_not_tell_whether_the_account_exists(bob, login):
    session = try_session(purpose="sign_in", login=login)
    assert looks_like(told(), EXAMPLES["verification.failed"])
    assert told()["data"] == {
        "session": session.pk,
        "purpose": "sign_in",
        "subject": None,
        "reasons": ["no_match"],
    }


def test_a_failed_verification_of_somebody_signed_in_names_them(bob):
    try_session(purpose="verify", user=bob.user)
    assert (told()["type"], told()["data"]["subject"]) == ("verification.failed", str(bob.public_id))


def test_a_check_for_a_backend_names_its_subject_whatever_comes_of_it(version):
    subject = SubjectFactory(user=None)
    session = VerificationSession.objects.create(
        purpose="verify",
        subject=subject,
        service_key=service_key("verify")[0],
        account_key="x",
        browser_key="x",
        state="failed",
        reason="no_match",
    )
    session.announce()
    assert told()["data"]["subject"] == str(subject.public_id)


def test_a_picture_that_cannot_be_used_ends_nothing(ada):
    try_session(faces.no_face(), purpose="sign_in", login="ada")
    assert not WebhookDelivery.objects.exists()


def test_a_check_that_nobody_could_make_has_failed(ada, settings):
    settings.FACE_DECISION_RULE = "majority"
    try_session(purpose="sign_in", login="ada")
    assert told()["data"]["reasons"] == ["service_unavailable"]


def test_a_decision_that_came_twice_is_told_once(ada):
    try_session(purpose="sign_in", login="ada")
    jobs.attempt_decide(Attempt.objects.get().pk)
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize(
    ("picture", "kind", "reasons"),
    [(jpeg(portrait()), "sample.accepted", []), (faces.no_face(), "sample.rejected", ["no_face"])],
    ids=["accepted", "rejected"],
)
def test_a_picture_that_was_decided(owner, version, picture, kind, reasons):
    sample = SampleFactory(subject=owner.subject, image=ContentFile(picture, name="x"))
    template_extract(str(sample.pk))
    assert looks_like(told(), EXAMPLES[kind])
    assert told()["data"] == {
        "sample": str(sample.pk),
        "subject": str(owner.subject.public_id),
        "reasons": reasons,
    }


def test_a_promotion_and_the_way_back(version, tmp_path):
    candidate = registered(tmp_path / "twin-1")
    reembedding.promotion_execute(model_version_promote(candidate, actor=None).pk)
    assert looks_like(told(), EXAMPLES["model.promoted"])
    model_version_roll_back(candidate, actor=None)
    there, back = (row.payload for row in WebhookDelivery.objects.order_by("pk"))
    assert there == {"model": "twin-1", "previous": version.name, "roll_back": False}
    assert back == {"model": version.name, "previous": "twin-1", "roll_back": True}


def test_no_event_holds_a_score_or_a_name(ada, bob):
    for login in ("ada", "bob"):
        try_session(purpose="sign_in", login=login)
    for delivery in WebhookDelivery.objects.all():
        assert not re.search(rb"ada|bob|similarity|threshold|distance|\d\.\d{3}[^0-9]", delivery.body)


def test_the_page_treats_every_kind():
    assert sorted(EXAMPLES) == sorted(KINDS)


def test_the_page_tells_the_waits():
    units = {"s": 1, "min": 60, "h": 3600}
    rows = re.findall(r"\| \d \| (\d+) (s|min|h) \|", DOCS)
    assert [int(count) * units[unit] for count, unit in rows] == [wait.total_seconds() for wait in WAITS]


class TestReceiver:
    """The snippet of the page, with a request that really came."""

    @pytest.fixture
    def is_genuine(self):
        snippet = {}
        exec(re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)[1], snippet)
        return snippet["is_genuine"]

    @pytest.fixture
    def post(self, endpoint, settings):
        """Posts an event, and answers headers and body as they came."""
        settings.WEBHOOK_PRIVATE_RECEIVERS = True

        def post():
            with receiving() as receiver:
                WebhookEndpoint.objects.update(url=receiver.url)
                WebhookDelivery.emit("sample.accepted", {"sample": "é"})
                webhook_send(WebhookDelivery.objects.latest("pk").pk)
                return receiver.got[0]

        return post

    def test_it_believes_what_came_from_here(self, is_genuine, post, endpoint):
        headers, body = post()
        assert is_genuine(headers, body, endpoint.shown)

    def test_it_believes_nothing_else(self, is_genuine, post, endpoint):
        headers, body = post()
        other = webhook_create(WebhookEndpoint(url="https://example.org/"), actor=None)
        late = headers | {"webhook-timestamp": str(int(time.time()) + 1)}
        assert not is_genuine(headers, body + b" ", endpoint.shown)
        assert not is_genuine(headers, body, other)
        assert not is_genuine(late, body, endpoint.shown)
        assert not is_genuine(headers | {"webhook-id": "evt_1"}, body, endpoint.shown)

    def test_it_does_not_believe_what_is_old(self, is_genuine, post, endpoint, monkeypatch):
        headers, body = post()
        monkeypatch.setattr(time, "time", lambda: int(headers["webhook-timestamp"]) + 301)
        assert not is_genuine(headers, body, endpoint.shown)

    def test_a_change_of_the_secret_breaks_nothing(self, is_genuine, post, endpoint):
        renewed = webhook_rotate(endpoint, actor=None)
        headers, body = post()
        assert is_genuine(headers, body, endpoint.shown)
        assert is_genuine(headers, body, renewed)

    def test_the_vector_on_the_page_is_right(self, is_genuine, monkeypatch):
        secret, event, at, body, signature = (
            re.search(r"secret `(\S+)`, id `(\S+)`, timestamp\s+`(\d+)`, body `(.+?)` give `(\S+)`", DOCS)
        ).groups()
        headers = {"webhook-id": event, "webhook-timestamp": at, "webhook-signature": signature}
        monkeypatch.setattr(time, "time", lambda: int(at))
        assert is_genuine(headers, body.encode(), secret)
