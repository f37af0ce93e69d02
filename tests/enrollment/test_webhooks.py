"""Webhooks from the event to the receiver, with a real receiver."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from enrollment.crypto import seal
from enrollment.deliveries import deliveries_due
from enrollment.errors import IllegalTransition, OutboundRefused
from enrollment.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from enrollment.models.webhook_delivery import LEASE, MAX_TRIES, WAITS
from enrollment.services import (
    delivery_resend,
    event_emit,
    webhook_change,
    webhook_create,
    webhook_rotate,
    webhook_test,
)
from enrollment.tasks import webhook_send, webhooks_sweep
from tests.enrollment.receiver import receiving, until
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_PRIVATE_RECEIVERS = True
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def endpoint(receiver):
    return listening(receiver)


def listening(receiver, *kinds) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(url=receiver.url, kinds=kinds or ["sample.accepted", "model.promoted"])
    receiver.secret = webhook_create(endpoint, actor=None)
    return endpoint


def emitted(kind="sample.accepted", **payload) -> WebhookDelivery:
    event_emit(kind, payload)
    return WebhookDelivery.objects.latest("pk")


def sent(delivery: WebhookDelivery) -> WebhookDelivery:
    webhook_send(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def due(delivery: WebhookDelivery, **change) -> WebhookDelivery:
    """The same delivery when its next try is due."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_try_at=timezone.now(), **change)
    return delivery


class TestEvent:
    def test_it_reaches_the_receiver(self, endpoint, receiver):
        delivery = sent(emitted(sample="7", reasons=[]))
        assert (delivery.state, delivery.last_status, delivery.attempts) == ("delivered", 200, 1)
        ((headers, body),) = receiver.got
        assert headers["content-type"] == "application/json"
        assert json.loads(body) == {
            "id": delivery.event_id,
            "type": "sample.accepted",
            "timestamp": delivery.created_at.isoformat(),
            "data": {"sample": "7", "reasons": []},
        }

    def test_only_who_asked_is_told(self, endpoint):
        event_emit("sample.rejected", {})
        WebhookEndpoint.objects.update(enabled=False)
        event_emit("sample.accepted", {})
        assert not WebhookDelivery.objects.exists()

    def test_all_who_asked_get_one_event_id(self, endpoint, receiver):
        listening(receiver)
        event_emit("sample.accepted", {})
        first, second = WebhookDelivery.objects.all()
        assert first.event_id == second.event_id
        assert first.endpoint != second.endpoint

    def test_a_test_goes_to_one(self, endpoint, receiver):
        listening(receiver)
        webhook_test(endpoint, actor=None)
        assert sent(WebhookDelivery.objects.get()).state == "delivered"
        assert json.loads(receiver.got[0][1])["type"] == "webhook.test"


@pytest.mark.django_db(transaction=True)
class TestTransaction:
    def test_it_belongs_to_one(self, endpoint):
        with pytest.raises(transaction.TransactionManagementError):
            event_emit("sample.accepted", {})
        with pytest.raises(transaction.TransactionManagementError):
            WebhookDelivery.emit_to([endpoint], "webhook.test", {})
        assert not WebhookDelivery.objects.exists()

    def test_what_was_rolled_back_is_not_told(self, endpoint, receiver, worker):
        with transaction.atomic():
            event_emit("sample.accepted", {})
            transaction.set_rollback(True)
        webhooks_sweep.delay()
        with transaction.atomic():
            event_emit("model.promoted", {})
        until(lambda: WebhookDelivery.objects.get().state == "delivered")
        assert [json.loads(body)["type"] for _, body in receiver.got] == ["model.promoted"]

    def test_a_worker_sends_what_was_committed(self, endpoint, receiver, worker):
        with transaction.atomic():
            event_emit("sample.accepted", {})
        until(lambda: WebhookDelivery.objects.get().state == "delivered")
        assert len(receiver.got) == 1

    def test_the_sweep_finds_what_was_lost(self, endpoint, receiver, worker):
        WebhookDelivery.objects.create(endpoint=endpoint, event_id="evt_1", kind="sample.accepted")
        webhooks_sweep.delay()
        until(lambda: WebhookDelivery.objects.get().state == "delivered")
        assert len(receiver.got) == 1

    def test_a_broker_that_is_away_stops_nothing(self, endpoint, monkeypatch):
        def unreachable(_: list[int]) -> None:
            raise OperationalError

        monkeypatch.setattr("enrollment.models.webhook_delivery._enqueue", unreachable)
        with transaction.atomic():
            event_emit("sample.accepted", {})
        assert deliveries_due() == [WebhookDelivery.objects.get().pk]


class TestTrying:
    @pytest.mark.parametrize(("status", "state"), [(204, "delivered"), (500, "retrying"), (410, "retrying")])
    def test_only_success_is_success(self, endpoint, receiver, status, state):
        receiver.status = status
        delivery = sent(emitted())
        assert (delivery.state, delivery.last_status) == (state, status)

    def test_a_redirect_is_not_followed(self, endpoint, receiver):
        with receiving() as other:
            receiver.status, receiver.headers = 302, {"Location": other.url}
            assert sent(emitted()).last_error == "Redirects are not followed."
            assert other.got == []

    def test_a_receiver_that_is_slow_or_away_gets_it_later(self, endpoint, receiver, monkeypatch):
        monkeypatch.setattr("enrollment.outbound.post.__kwdefaults__", {"seconds": 0.2}, raising=True)
        receiver.delay_seconds = 1
        delivery = sent(emitted())
        assert (delivery.state, delivery.last_error) == ("retrying", "No answer within 0.2 seconds.")
        receiver.delay_seconds = 0
        assert sent(due(delivery)).state == "delivered"

    def test_it_never_reaches_the_own_network_by_default(self, endpoint, receiver, settings):
        settings.WEBHOOK_PRIVATE_RECEIVERS = False
        WebhookEndpoint.objects.update(url=receiver.url.replace("http:", "https:"))
        delivery = sent(emitted())
        assert (delivery.state, delivery.last_error) == ("retrying", "127.0.0.1 is not a public address.")
        assert receiver.got == []

    def test_nobody_sends_before_it_is_due(self, endpoint, receiver):
        receiver.status = 500
        delivery = sent(emitted())
        assert deliveries_due() == []
        assert sent(delivery).attempts == 1

    def test_it_is_not_sent_twice_by_two_messages(self, endpoint, receiver):
        assert sent(sent(emitted())).attempts == 1
        assert len(receiver.got) == 1

    def test_a_worker_that_died_loses_nothing(self, endpoint, receiver):
        delivery = emitted()
        WebhookDelivery.claim(delivery.pk)
        assert sent(delivery).state == "pending"
        WebhookDelivery.objects.update(next_try_at=timezone.now() - LEASE)
        assert sent(delivery).state == "delivered"

    def test_waits_grow_over_a_day_and_then_it_is_given_up(self, endpoint, receiver):
        receiver.status = 500
        delivery, waits = emitted(), []
        for _ in range(MAX_TRIES):
            delivery = sent(due(delivery))
            waits.append(delivery.next_try_at - timezone.now())
        assert (delivery.state, delivery.attempts) == ("failed", 8)
        assert all(0.79 < got / wait < 1.21 for got, wait in zip(waits, WAITS, strict=False))
        assert timedelta(days=1) < sum(WAITS, timedelta()) < timedelta(days=1, hours=1)
        assert deliveries_due() == []

    def test_what_nobody_foresaw_is_given_up_in_the_end_as_well(self, endpoint, monkeypatch, caplog):
        monkeypatch.setattr("enrollment.deliveries.post", lambda *_, **__: 1 / 0)
        delivery = emitted()
        for _ in range(MAX_TRIES):
            delivery = sent(due(delivery))
        assert (delivery.state, delivery.attempts) == ("failed", MAX_TRIES)
        assert "ZeroDivisionError" in delivery.last_error
        assert "Traceback" in caplog.text

    def test_what_failed_together_does_not_come_back_together(self, endpoint, receiver):
        receiver.status = 500
        assert len({sent(emitted()).next_try_at.replace(microsecond=0) for _ in range(12)}) > 3

    def test_it_is_not_sent_once_the_webhook_is_off(self, endpoint, receiver):
        delivery = emitted()
        WebhookEndpoint.objects.update(enabled=False)
        assert (sent(delivery).state, receiver.got) == ("failed", [])


class TestPatience:
    @pytest.fixture
    def last_try(self, endpoint, receiver):
        """What is about to be given up, after nothing got through for so many days."""

        def ready(days):
            receiver.status = 500
            WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=days))
            return due(emitted(), attempts=MAX_TRIES - 1)

        return ready

    def test_a_week_of_failures_ends_it_and_staff_hear_of_it(
        self, last_try, endpoint, mailoutbox, django_capture_on_commit_callbacks
    ):
        UserFactory(is_staff=True, is_superuser=True, email="root@example.org")
        with django_capture_on_commit_callbacks(execute=True):
            sent(last_try(7.1))
        endpoint.refresh_from_db()
        assert not endpoint.enabled
        assert [mail.to for mail in mailoutbox] == [["root@example.org"]]
        assert str(endpoint.pk) in mailoutbox[0].body
        assert AuditEvent.objects.latest("pk").details == {"step": "switched_off", "reason": "failing"}

    def test_six_days_do_not(self, last_try, endpoint):
        sent(last_try(6))
        endpoint.refresh_from_db()
        assert endpoint.enabled

    def test_one_success_begins_the_week_anew(self, last_try, endpoint, receiver):
        delivery = last_try(8)
        receiver.status = 200
        sent(delivery)
        endpoint.refresh_from_db()
        assert (endpoint.enabled, endpoint.failing_since) == (True, None)

    def test_switching_it_on_again_does_too(self, last_try, endpoint, receiver):
        sent(last_try(8))
        endpoint.refresh_from_db()
        endpoint.enabled = True
        webhook_change(endpoint, actor=None)
        endpoint.refresh_from_db()
        assert (endpoint.enabled, endpoint.failing_since) == (True, None)


class TestResend:
    def test_it_goes_out_again_under_the_same_id(self, endpoint, receiver):
        delivery = sent(emitted())
        delivery_resend(delivery, actor=UserFactory())
        assert sent(delivery).state == "delivered"
        first, second = (headers["webhook-id"] for headers, _ in receiver.got)
        assert first == second
        assert AuditEvent.objects.latest("pk").details == {"step": "resent", "event": delivery.event_id}

    def test_what_is_under_way_is_not_doubled(self, endpoint):
        with pytest.raises(IllegalTransition):
            delivery_resend(emitted(), actor=None)


class TestSecret:
    def test_the_signature_is_the_one_of_standard_webhooks(self):
        """The example that the specification gives."""
        endpoint = WebhookEndpoint(url="https://example.org/")
        key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        endpoint.sealed_secret = seal(key, context=endpoint.seal_context("sealed_secret"))
        headers = endpoint.signed_headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            b'{"test": 2432232314}',
            datetime.fromtimestamp(1614265330, tz=UTC),
        )
        assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_it_is_not_stored_in_the_clear(self, endpoint, receiver):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM enrollment_webhookendpoint")
            assert base64.b64decode(receiver.secret.removeprefix("whsec_")) not in b"".join(
                bytes(value) for value in cursor.fetchone() if isinstance(value, (bytes, memoryview))
            )

    def test_it_opens_nowhere_else(self, endpoint):
        other = WebhookEndpoint(url="https://example.org/", sealed_secret=endpoint.sealed_secret)
        with pytest.raises(Exception, match="seal_broken"):
            other.secret  # noqa: B018

    def test_both_secrets_sign_for_a_day_after_a_change(self, endpoint, receiver):
        webhook_rotate(endpoint, actor=None)
        sent(emitted())
        WebhookEndpoint.objects.update(rotated_at=timezone.now() - timedelta(hours=25))
        sent(emitted())
        assert [len(headers["webhook-signature"].split()) for headers, _ in receiver.got] == [2, 1]


def test_it_takes_no_address_that_it_would_not_send_to():
    with pytest.raises(OutboundRefused):
        webhook_create(WebhookEndpoint(url="https://10.0.0.1/"), actor=None)


def test_deliveries_are_erased_when_their_time_is_over(endpoint, settings):
    old, young = emitted(), emitted()
    WebhookDelivery.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=settings.RETENTION_WEBHOOKS_DAYS + 1)
    )
    call_command("purge")
    assert list(WebhookDelivery.objects.all()) == [young]
