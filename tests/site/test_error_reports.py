"""What a Sentry server is told of errors in pages and tasks."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.site.test_deploy import run

SECRETS = [
    "ada@example.org",
    "0.8731",
    "picture-bytes",
    "sessionid-value",
    "the-token",
    "rose-garden",
    "10.9.8.7",
]
FAILING = """
import logging, os, django
django.setup()
from celery import shared_task
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from faceverify_site.celery import app

def fail(request, name="x"):
    picture, score = request.body, 0.8731
    logging.getLogger("enrollment").error("%s has %s", "ada@example.org", score)
    raise ValueError(f"ada@example.org has {score}: {picture!r}")

@app.task
def decide(mail):
    embedding = [0.8731, mail]
    raise KeyError(f"{mail} {embedding}")

urlpatterns = [path("<name>/", fail)]
handler500 = lambda request: HttpResponse(status=500)
client = Client(raise_request_exception=False, REMOTE_ADDR="10.9.8.7", HTTP_HOST="localhost")
client.cookies["sessionid"] = "sessionid-value"
with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], SECURE_SSL_REDIRECT=False):
    client.post("/rose-garden/?key=the-token", b"picture-bytes ada@example.org", content_type="text/plain",
                headers={"Authorization": "Bearer the-token", "X-CSRFToken": "the-token"})
decide.apply(args=["ada@example.org"], throw=False)
import sentry_sdk
sentry_sdk.flush(10)
"""


@pytest.fixture
def sentry():
    """A server that keeps what it is sent, and where it is."""
    sent: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            sent.append((gzip.decompress(body) if zipped else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://public@127.0.0.1:{server.server_port}/1", sent
    server.shutdown()
    server.server_close()


def events(sent: list[str]) -> list[dict]:
    lines = [json.loads(line) for body in sent for line in body.splitlines() if line.startswith("{")]
    return [line for line in lines if "exception" in line]


def test_it_tells_where_a_page_and_a_task_failed_and_nothing_of_people(sentry):
    dsn, sent = sentry
    done = run(["-c", FAILING], SENTRY_DSN=dsn)
    assert done.returncode == 0, done.stderr
    types = {value["type"] for event in events(sent) for value in event["exception"]["values"]}
    assert {"ValueError", "KeyError"} <= types
    assert '"function":"fail"' in "".join(sent).replace(" ", "")
    assert [secret for secret in SECRETS if secret in "".join(sent)] == []


def test_a_wrong_address_stops_the_start():
    assert "BadDsn" in run(["-c", "import faceverify_site.settings"], SENTRY_DSN="nonsense").stderr


def test_without_an_address_it_is_not_even_loaded():
    done = run(["-c", "import sys, faceverify_site.wsgi; sys.exit('sentry_sdk' in sys.modules)"])
    assert done.returncode == 0
