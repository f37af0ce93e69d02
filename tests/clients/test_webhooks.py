"""Webhooks: what the site signs, the client accepts; and nothing else."""

import json

import pytest
from django.utils import timezone

from enrollment.models import WebhookEndpoint
from faceverify_client import BadSignature, webhook_verify

BODY = json.dumps({"id": "evt_1", "type": "sample.accepted", "data": {"sample_id": "x"}}).encode()


@pytest.fixture
def signed():
    """The headers and the secret of a fresh event."""
    endpoint = WebhookEndpoint(url="https://example.org/")
    secret = endpoint.renew_secret()
    return endpoint.signed_headers("evt_1", BODY, timezone.now()), secret


def test_it_accepts_what_the_site_signed(signed):
    headers, secret = signed
    event = webhook_verify(BODY, {name.title(): value for name, value in headers.items()}, secret)
    assert (event.id, event.kind, event.data) == ("evt_1", "sample.accepted", {"sample_id": "x"})


def test_it_accepts_both_secrets_after_a_rotation():
    endpoint = WebhookEndpoint(url="https://example.org/")
    secrets = endpoint.renew_secret(), endpoint.renew_secret()
    headers = endpoint.signed_headers("evt_1", BODY, timezone.now())
    assert [webhook_verify(BODY, headers, secret).id for secret in secrets] == ["evt_1", "evt_1"]


def test_it_knows_the_published_vector():
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body, secret = b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with pytest.raises(KeyError, match="type"):  # genuine, but none of this site's events
        webhook_verify(body, headers, secret, now=1614265330)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_it_refuses_changed_and_missing_headers(signed, name):
    headers, secret = signed
    for changed in (headers | {name: headers[name] + "1"}, {k: v for k, v in headers.items() if k != name}):
        with pytest.raises(BadSignature):
            webhook_verify(BODY, changed, secret)


def test_it_refuses_another_body_and_another_secret(signed):
    headers, secret = signed
    other = WebhookEndpoint(url="https://example.org/").renew_secret()
    for body, key in ((BODY + b" ", secret), (BODY, other)):
        with pytest.raises(BadSignature):
            webhook_verify(body, headers, key)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_it_refuses_an_old_one_sent_again(signed, seconds):
    headers, secret = signed
    with pytest.raises(BadSignature, match="five minutes"):
        webhook_verify(BODY, headers, secret, now=int(headers["webhook-timestamp"]) + seconds)
