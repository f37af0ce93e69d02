"""The admin's pages about webhooks: who may press what, and what it does."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from enrollment.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from enrollment.services import webhook_create
from tests.conftest import show_password
from tests.enrollment.receiver import receiving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

HOOKS, DELIVERIES = "/admin/enrollment/webhookendpoint/", "/admin/enrollment/webhookdelivery/"
FILLED = {
    "url": "https://example.org/hooks",
    "kinds": ["sample.accepted"],
    "description": "",
    "enabled": "on",
}


@pytest.fixture
def allowed(staff, browser_of):
    """A browser of staff with permissions on webhooks and deliveries."""

    def make(*names):
        models = ("webhookendpoint", "webhookdelivery")
        codes = [f"{name}_{model}" for name in ("view", *names) for model in models]
        staff.user_permissions.set(Permission.objects.filter(codename__in=codes))
        return browser_of(staff)

    return make


@pytest.fixture
def endpoint():
    endpoint = WebhookEndpoint(url="https://example.org/hooks", kinds=["sample.accepted"])
    webhook_create(endpoint, actor=None)
    return endpoint


@pytest.fixture
def delivery(endpoint):
    return WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id="evt_1",
        kind="sample.accepted",
        state="failed",
        finished_at=timezone.now(),
    )


def secrets_in(response) -> list[str]:
    return re.findall(r"whsec_[A-Za-z0-9+/=]+", response.content.decode())


def test_the_secret_is_shown_once(allowed, staff):
    browser = allowed("add", "change")
    page = browser.post(f"{HOOKS}add/", FILLED)
    endpoint = WebhookEndpoint.objects.get()
    assert len(secrets_in(page)) == 1
    assert "no-store" in page.headers["Cache-Control"]
    assert secrets_in(browser.get(f"{HOOKS}{endpoint.pk}/change/")) == []
    assert (endpoint.created_by, endpoint.kinds) == (staff, ["sample.accepted"])
    assert AuditEvent.objects.get(action="webhook").details == {"step": "created"}


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://10.0.0.1/", "https://user:word@example.org/"]
)
def test_it_takes_no_address_that_it_would_not_send_to(allowed, url):
    page = allowed("add").post(f"{HOOKS}add/", FILLED | {"url": url})
    assert page.status_code == 200
    assert not WebhookEndpoint.objects.exists()


def test_changing_it_keeps_the_secret(allowed, endpoint):
    page = allowed("change").post(f"{HOOKS}{endpoint.pk}/change/", FILLED | {"description": "Payroll"})
    changed = WebhookEndpoint.objects.get()
    assert page.status_code == 302
    assert (str(changed), changed.secret) == ("Payroll", endpoint.secret)


def test_a_new_secret_waits_for_a_word(allowed, endpoint):
    browser = allowed("change")
    assert secrets_in(browser.get(f"{HOOKS}{endpoint.pk}/secret/")) == []
    assert WebhookEndpoint.objects.get().secret == endpoint.secret
    assert len(secrets_in(browser.post(f"{HOOKS}{endpoint.pk}/secret/"))) == 1
    assert WebhookEndpoint.objects.get().previous_secret == endpoint.secret


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("add/", FILLED),
        ("{}/change/", FILLED | {"url": "https://example.com/"}),
        ("{}/secret/", {}),
        ("{}/delete/", {"post": "yes"}),
        ("", {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}),
    ],
    ids=["add", "change", "secret", "delete", "delete_selected"],
)
def test_it_asks_for_the_password_again(allowed, staff, endpoint, path, form):
    browser = allowed("add", "change", "delete")
    show_password(browser, staff, seconds_ago=3600)
    page = browser.post(HOOKS + path.format(endpoint.pk), form)
    assert "/accounts/reauthenticate/" in page["Location"]
    kept = WebhookEndpoint.objects.get()
    assert (kept.url, kept.secret) == (endpoint.url, endpoint.secret)


def test_deleting_it_takes_its_deliveries(allowed, delivery, endpoint):
    allowed("delete").post(f"{HOOKS}{endpoint.pk}/delete/", {"post": "yes"})
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert AuditEvent.objects.latest("pk").details == {"step": "deleted"}


def test_a_test_event_gets_there(allowed, settings, worker):
    settings.WEBHOOK_PRIVATE_RECEIVERS = True
    with receiving() as receiver:
        endpoint = WebhookEndpoint(url=receiver.url, kinds=[])
        webhook_create(endpoint, actor=None)
        page = allowed("change").post(f"{HOOKS}{endpoint.pk}/test/", follow=True)
        until(lambda: receiver.got)
    assert "A test event is on its way." in page.content.decode()


def test_a_delivery_shows_what_is_posted(allowed, delivery):
    page = allowed().get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert "&quot;type&quot;: &quot;sample.accepted&quot;" in page


def test_sending_again_waits_for_a_word(allowed, delivery):
    browser = allowed("change")
    browser.get(f"{DELIVERIES}{delivery.pk}/resend/")
    assert WebhookDelivery.objects.get().state == "failed"
    browser.post(f"{DELIVERIES}{delivery.pk}/resend/")
    assert WebhookDelivery.objects.get().state == "pending"
    assert "resend" not in browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()


def test_many_are_sent_again_at_once(allowed, delivery):
    form = {"action": "resend_all", "_selected_action": [delivery.pk]}
    page = allowed("change").post(DELIVERIES, form, follow=True)
    assert "1 event on the way again." in page.content.decode()


@pytest.mark.parametrize("path", ["test", "secret"])
def test_only_who_may_change_webhooks_can(allowed, endpoint, path):
    assert allowed("add").post(f"{HOOKS}{endpoint.pk}/{path}/").status_code == 403
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


def test_only_who_may_change_deliveries_sends_again(allowed, delivery):
    browser = allowed()
    assert browser.post(f"{DELIVERIES}{delivery.pk}/resend/").status_code == 403
    assert "resend" not in browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert browser.post(f"{DELIVERIES}{delivery.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("path", [HOOKS, DELIVERIES])
def test_empty_lists_say_what_they_are_for(allowed, path):
    assert "webhook" in allowed().get(path).content.decode().split("<main")[-1]
