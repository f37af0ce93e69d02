"""Log lines: one request's id from web to worker, and nothing of a person in any of them."""

import io
import json
import logging
import logging.config
import smtplib

import pytest
import structlog
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from enrollment import notices
from enrollment.jobs import template_extract
from enrollment.models import Sample
from enrollment.tasks import template_extract as template_extract_task
from enrollment.tasks import worker_heartbeat
from faceverify_site.logs import logging_of
from faceverify_site.task_context import ASKED_AT, REQUEST_ID, send_along
from tests.faces import jpeg, portrait
from tests.factories import PASSWORD, ConsentFactory, UserFactory, model_version

pytestmark = pytest.mark.django_db
PERSON = {"username": "adalovelace", "email": "ada.lovelace@example.org"}


@pytest.fixture(params=["json", "line"])
def lines(request):
    """What is logged, in either form."""
    found = io.StringIO()
    config = logging_of(form=request.param, level="INFO")
    config["handlers"]["console"]["stream"] = found
    logging.config.dictConfig(config)
    yield lambda: found.getvalue().splitlines()
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)


@pytest.fixture
def entries(lines):
    """The lines of the JSON form."""

    def read():
        return [json.loads(line) for line in lines()]

    return read


only_json = pytest.mark.parametrize("lines", ["json"], indirect=True)


def sign_in(client, login, password=PASSWORD):
    return client.post("/accounts/login/", {"login": login, "password": password})


@pytest.mark.parametrize("login", ["username", "email"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong horse battery"])
def test_a_sign_in_leaves_nothing_of_the_person(client, lines, login, password):
    UserFactory(**PERSON)
    sign_in(client, PERSON[login], password)
    assert any("account_login" in line for line in lines())
    assert_nothing_of_a_person(lines())


def test_a_sign_in_by_face_leaves_nothing_of_the_person(client, lines, broker):
    model_version()
    ConsentFactory(subject__user=UserFactory(**PERSON))
    body = {"purpose": "sign_in", "login": PERSON["email"]}
    answer = client.post("/api/v1/verification-sessions", body, content_type="application/json")
    client.get("/sign-in/", {"login": PERSON["email"]})
    assert any("verification_api:sessions" in line for line in lines()), answer.content
    assert_nothing_of_a_person(lines())


def test_addresses_with_keys_in_them_are_not_told(client, lines):
    client.get("/accounts/confirm-email/SECRET-KEY/")
    client.get("/no/such/page/SECRET-KEY")
    client.get("/api/v1/no-such-thing/SECRET-KEY?login=adalovelace")
    assert lines()
    assert_nothing_of_a_person(lines())
    assert "SECRET-KEY" not in "\n".join(lines())


def test_a_refused_form_does_not_tell_which_page_was_left(lines):
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/", secure=True)
    left = {"Referer": "https://other.example/accounts/password/reset/key/1-a-key/"}
    assert client.post("/accounts/login/", {}, secure=True, headers=left).status_code == 403
    assert "csrf check failed" in "\n".join(lines())
    assert "a-key" not in "\n".join(lines())


def test_an_error_tells_its_trace_and_not_its_address(client, lines, monkeypatch):
    from faceverify_site import views

    monkeypatch.setattr(views.readiness, "checks", lambda: {}["adalo" + "velace"])
    client.raise_request_exception = False
    client.get("/readyz?key=SECRET-KEY")
    assert "Traceback" in "\n".join(lines())
    assert "SECRET-KEY" not in "\n".join(lines())


def test_a_mail_that_is_refused_leaves_nothing_of_the_person(
    lines, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*_, **__):
        raise smtplib.SMTPRecipientsRefused({PERSON["email"]: (550, b"no such user")})

    monkeypatch.setattr(notices, "send_mail", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        notices.notice_send(UserFactory(**PERSON), notices.Notice.FACE_LOCKED)
    assert any("SMTPRecipientsRefused" in line for line in lines())
    assert_nothing_of_a_person(lines())


@only_json
def test_a_request_is_one_line_with_its_id(client, entries):
    answer = client.get("/limits/", headers={"X-Request-ID": "asked-by-the-test"})
    (line,) = [entry for entry in entries() if entry.get("view") == "limits"]
    assert line["request_id"] == "asked-by-the-test" == answer["X-Request-ID"]
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "info")
    assert line["ms"] > 0


@only_json
def test_probes_leave_no_line_each(client, entries):
    client.get("/healthz")
    assert not [entry for entry in entries() if entry.get("view") == "healthz"]


def test_the_id_goes_with_the_task(client, lines, broker):
    headers = {}
    with structlog.contextvars.bound_contextvars(request_id="asked-by-the-test"):
        send_along(headers=headers)
    assert headers[REQUEST_ID] == "asked-by-the-test"
    assert headers[ASKED_AT] > 0


@only_json
@pytest.mark.django_db(transaction=True)
def test_the_worker_logs_under_the_id_of_the_request(browser_of, owner, entries, broker):
    """From the POST over a real broker to the job's own line."""
    model_version()
    queue = current_app.amqp.router.route({}, template_extract_task.name)["queue"].name
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete(queue)
        picture = SimpleUploadedFile("a.jpg", jpeg(portrait()))
        headers = {"X-Request-ID": "asked-by-the-test"}
        browser_of(owner).post("/api/v1/samples", {"image": picture}, headers=headers)
        message = json.loads(connection.default_channel.client.rpop(queue))
    sample = Sample.objects.get()
    with structlog.contextvars.bound_contextvars(request_id=message["headers"][REQUEST_ID]):
        template_extract(str(sample.pk))
    (line,) = [entry for entry in entries() if str(sample.pk) in entry["event"]]
    assert line["request_id"] == "asked-by-the-test"


@only_json
def test_a_task_takes_the_id_up_and_puts_it_down(entries):
    seen = []

    def look(**_):
        seen.append(structlog.contextvars.get_contextvars()["request_id"])

    from celery.signals import task_success

    task_success.connect(look, weak=False, dispatch_uid="look")
    try:
        worker_heartbeat.apply(args=["training"], headers={REQUEST_ID: "asked-by-the-test"})
    finally:
        task_success.disconnect(dispatch_uid="look")
    assert seen == ["asked-by-the-test"]
    assert "request_id" not in structlog.contextvars.get_contextvars()


def assert_nothing_of_a_person(found):
    text = "\n".join(found).lower()
    for word in ("adalovelace", "ada.lovelace", "lovelace", PASSWORD, "127.0.0.1"):
        assert word not in text
