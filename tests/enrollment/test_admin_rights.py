"""What staff may see, ask and do in the admin: no more than the permissions that they were given."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from celery import current_app
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from enrollment.admin.base import SiteAdmin
from enrollment.models import AuditEvent, DuplicateFlag, ModelVersion, User, WebhookEndpoint
from tests.conftest import show_password
from tests.factories import SampleFactory, UserFactory, model_version
from verification.models import Attempt, FailureCount, Identification, Source, VerificationSession

pytestmark = pytest.mark.django_db
ADDRESSES, DEVICES = "/admin/account/emailaddress/", "/admin/usersessions/usersession/"
FACTORS, USERS = "/admin/mfa/authenticator/", "/admin/enrollment/user/"
TASKS, VERSIONS = "/admin/django_celery_beat/periodictask/", "/admin/enrollment/modelversion/"
admin.autodiscover()
PAGES = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower)


def page_of(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def named(model) -> str:
    return model._meta.label_lower


@pytest.fixture
def chief():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def allowed(staff, browser_of):
    """Makes a browser of somebody on the staff with these permissions alone."""

    def make(*codes: str) -> Client:
        staff.user_permissions.set(Permission.objects.filter(codename__in=codes))
        return browser_of(staff)

    return make


@pytest.fixture
def furnished(owner, chief):
    """Rows of what filters choose among: of one alone they show no choice."""
    version, later = model_version(), SampleFactory().subject
    session = VerificationSession.objects.create(
        purpose="verify", user=owner, account_key="x", login_key="x", browser_key="x"
    )
    Attempt.objects.create(session=session, subject=owner.subject, model_version=version)
    Identification.objects.create(owner=chief, model_version=version)
    DuplicateFlag.objects.create(subject=later, other=owner.subject, similarity=0.9, model_version=version)
    FailureCount.objects.create(pk="x", user=owner, failures=1, last_failed_at=timezone.now())
    Source.objects.create(pk="192.0.2.1", last_failed_at=timezone.now())
    for number in range(2):
        WebhookEndpoint.objects.create(url=f"https://example.org/{number}", kinds=[])
        ModelVersion.objects.create(name=f"v{number}", network=version.network, digest=f"{number:064d}")
    Group.objects.create(name="Helpers")
    daily = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(
        name="x", task="verification.tasks.purge", interval=daily, start_time=timezone.now()
    )


def test_every_page_keeps_to_these_rules():
    assert [named(model) for model, page in PAGES if not isinstance(page, SiteAdmin)] == []


@pytest.mark.parametrize("path", ["", "add/", "1/change/", "1/delete/"])
@pytest.mark.parametrize(("model", "page"), PAGES, ids=lambda value: getattr(value, "_meta", ""))
def test_every_page_asks_for_the_password_again(model, page, path, chief, browser_of):
    browser = browser_of(chief)
    show_password(browser, chief, seconds_ago=3600)
    assert "/accounts/reauthenticate/" in browser.post(page_of(model) + path).headers["Location"]


@pytest.mark.parametrize(("model", "page"), PAGES, ids=lambda value: getattr(value, "_meta", ""))
def test_every_filter_of_a_list_can_be_clicked(model, page, furnished, chief, browser_of):
    browser, path = browser_of(chief), page_of(model)
    shown = browser.get(path).context["cl"]
    assert len(shown.filter_specs) == len(page.list_filter)
    clicks = [choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)]
    if page.date_hierarchy:
        parts = [f"{page.date_hierarchy}__{part}" for part in ("year=2026", "month=2", "day=3")]
        clicks += ["?" + "&".join(parts[:length]) for length in (1, 2, 3)]
    for click in clicks:
        assert browser.get(path + click).status_code == 200, click


def test_deliveries_are_listed_by_their_webhook(furnished, chief, browser_of):
    """The link that the page of a webhook has."""
    page = "/admin/enrollment/webhookdelivery/"
    endpoint = WebhookEndpoint.objects.first()
    assert browser_of(chief).get(page, {"endpoint__id__exact": endpoint.pk}).status_code == 200


@pytest.mark.parametrize(
    ("code", "page", "lookup"),
    [
        ("view_usersession", DEVICES, {"session_key__startswith": "a"}),
        ("view_usersession", DEVICES, {"session_key": "a"}),
        ("view_usersession", DEVICES, {"user__password__startswith": "a"}),
        ("view_usersession", DEVICES, {"last_seen_at__date__gte": "2026-01-01"}),
        ("view_authenticator", FACTORS, {"data__secret__startswith": "a"}),
        ("view_modelversion", VERSIONS, {"lineage__subjects__has_key": "41"}),
        ("view_user", USERS, {"password__startswith": "a"}),
        ("view_user", USERS, {"usersession__session_key__startswith": "a"}),
        ("view_failurecount", "/admin/verification/failurecount/", {"user__email__startswith": "a"}),
        ("view_webhookendpoint", "/admin/enrollment/webhookendpoint/", {"sealed_secret__isnull": "1"}),
    ],
)
def test_a_list_is_filtered_by_nothing_that_it_does_not_offer(allowed, code, page, lookup):
    """How many rows are left would spell hidden columns out: keys of sessions, or whom a version learned from."""
    assert allowed(code).get(page, lookup).status_code == 400


@pytest.mark.parametrize("field", ["session_key", "user", "ip"])
def test_rows_are_chosen_by_their_key_alone(allowed, field):
    answer = allowed("view_usersession").get(DEVICES, {"_popup": 1, "_to_field": field})
    assert answer.status_code == 400
    assert allowed("view_usersession").get(DEVICES, {"_popup": 1, "_to_field": "id"}).status_code == 200


def test_whom_an_address_may_belong_to_is_told_to_who_may_see_accounts(allowed, stranger):
    asked = {"app_label": "account", "model_name": "emailaddress", "field_name": "user", "term": "person"}
    assert allowed("change_emailaddress").get("/admin/autocomplete/", asked).status_code == 403
    answer = allowed("change_emailaddress", "view_user").get("/admin/autocomplete/", asked)
    assert stranger.username in [row["text"] for row in json.loads(answer.content)["results"]]


@pytest.mark.parametrize(("term", "found"), [("stranger@example.org", 1), ("stranger@ex", 0)])
def test_an_address_is_not_spelled_out_by_looking_for_subjects(allowed, owner, term, found):
    type(owner).objects.filter(pk=owner.pk).update(email="stranger@example.org")
    answer = allowed("view_subject").get("/admin/enrollment/subject/", {"q": term})
    assert answer.context["cl"].result_count == found


def press(browser: Client, page: str, action: str, *rows, **more):
    """Chooses rows of a list, and what to do with them."""
    return browser.post(page, {"action": action, "_selected_action": [row.pk for row in rows], **more})


@pytest.mark.parametrize(("model", "page"), PAGES, ids=lambda value: getattr(value, "_meta", ""))
def test_who_may_only_look_is_offered_nothing_to_do(model, page, allowed, rf):
    request = rf.get("/")
    request.user = allowed(f"view_{model._meta.model_name}") and User.objects.get()
    assert page.get_actions(request) == {}


@pytest.mark.parametrize(("code", "verified"), [("view_emailaddress", False), ("change_emailaddress", True)])
def test_who_may_change_addresses_says_that_one_is_somebodys(allowed, stranger, code, verified):
    address = EmailAddress.objects.create(user=stranger, email="ada@example.org")
    press(allowed(code), ADDRESSES, "make_verified", address)
    address.refresh_from_db()
    assert address.verified == verified


@pytest.fixture
def task():
    daily = IntervalSchedule.objects.create(every=1, period="days")
    return PeriodicTask.objects.create(name="x", task="verification.tasks.purge", interval=daily)


@pytest.mark.parametrize("action", ["disable_tasks", "toggle_tasks"])
@pytest.mark.parametrize(("code", "enabled"), [("view_periodictask", True), ("change_periodictask", False)])
def test_who_may_change_the_clock_stops_it(allowed, task, action, code, enabled):
    press(allowed(code), TASKS, action, task)
    task.refresh_from_db()
    assert task.enabled == enabled


def test_superusers_alone_run_what_runs_by_the_clock(allowed, chief, browser_of, task, monkeypatch):
    run = []
    monkeypatch.setattr(current_app.tasks[task.task], "apply_async", lambda **sent: run.append(sent))
    press(allowed("change_periodictask"), TASKS, "run_tasks", task)
    assert run == []
    press(browser_of(chief), TASKS, "run_tasks", task)
    assert len(run) == 1


NEW_PASSWORD = {
    "password1": "another long phrase",
    "password2": "another long phrase",
    "usable_password": "true",
}
RIGHTS = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}


def change(browser: Client, user, **form):
    """Posts the page of an account."""
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    page = f"{USERS}{user.pk}/change/"
    return browser.post(page, {"username": user.username, "email": user.email} | joined | form)


def test_nobody_on_the_staff_takes_rights(allowed, staff):
    permission = Permission.objects.get(codename="can_promote")
    browser = allowed("view_user", "change_user")
    change(browser, staff, user_permissions=[permission.pk], first_name="Ada", **RIGHTS)
    staff.refresh_from_db()
    assert (staff.first_name, staff.is_superuser) == ("Ada", False)
    assert not staff.user_permissions.filter(pk=permission.pk).exists()


def test_superusers_give_rights(chief, stranger, browser_of):
    change(browser_of(chief), stranger, **RIGHTS)
    stranger.refresh_from_db()
    assert stranger.is_superuser


@pytest.fixture
def of_chief(chief, browser_of):
    """What hangs on the account of a superuser: a device, an address, a second factor."""
    device = browser_of(chief)
    device.get("/")
    return {
        "device": device,
        "session": UserSession.objects.get(user=chief),
        "address": EmailAddress.objects.create(user=chief, email=chief.email, primary=True),
        "factor": Authenticator.objects.create(user=chief, type="totp", data={}),
    }


@pytest.fixture
def helper(allowed):
    """Somebody on the staff who may do all to accounts and to what hangs on them."""
    models = ("user", "emailaddress", "authenticator", "usersession")
    return allowed(*(f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in models))


def test_accounts_with_all_rights_are_out_of_reach(helper, chief, of_chief):
    before = (chief.username, chief.email, chief.password)
    assert change(helper, chief, username="eve", email="eve@example.org").status_code == 403
    assert helper.post(f"{USERS}{chief.pk}/password/", NEW_PASSWORD).status_code == 403
    assert helper.post(f"{USERS}{chief.pk}/delete/", {"post": "yes"}).status_code == 403
    press(helper, USERS, "delete_selected", chief, post="yes")
    chief.refresh_from_db()
    assert (chief.username, chief.email, chief.password) == before


def test_addresses_of_who_has_all_rights_are_out_of_reach(helper, chief, of_chief, stranger):
    address, form = of_chief["address"], {"user": chief.pk, "email": "eve@example.org", "verified": "on"}
    assert helper.post(f"{ADDRESSES}{address.pk}/change/", form).status_code == 403
    assert helper.post(f"{ADDRESSES}{address.pk}/delete/", {"post": "yes"}).status_code == 403
    for action in ("make_verified", "delete_selected"):
        press(helper, ADDRESSES, action, address, post="yes")
    assert helper.post(f"{ADDRESSES}add/", form).status_code == 200  # with what is wrong with it
    own = EmailAddress.objects.create(user=stranger, email="mine@example.org", verified=True)
    helper.post(f"{ADDRESSES}{own.pk}/change/", form)
    rows = EmailAddress.objects.filter(user=chief)
    assert list(rows.values_list("email", "verified")) == [(chief.email, False)]


def test_second_factors_and_devices_of_who_has_all_rights_are_out_of_reach(helper, chief, of_chief):
    factor = of_chief["factor"]
    assert helper.post(f"{FACTORS}{factor.pk}/delete/", {"post": "yes"}).status_code == 403
    press(helper, FACTORS, "delete_selected", factor, post="yes")
    press(helper, DEVICES, "end", of_chief["session"])
    assert Authenticator.objects.filter(pk=factor.pk).exists()
    assert of_chief["device"].get("/admin/").status_code == 200


def test_superusers_reach_each_other(chief, of_chief, browser_of):
    other = browser_of(UserFactory(is_staff=True, is_superuser=True))
    press(other, FACTORS, "delete_selected", of_chief["factor"], post="yes")
    press(other, DEVICES, "end", of_chief["session"])
    assert not Authenticator.objects.exists()
    assert of_chief["device"].get("/admin/").status_code == 302


def change_password(browser, user):
    browser.post(f"{USERS}{user.pk}/password/", NEW_PASSWORD)


def change_address(browser, user):
    change(browser, user, email="new@example.org")


def add_address(browser, user):
    browser.post(f"{ADDRESSES}add/", {"user": user.pk, "email": "new@example.org", "verified": "on"})


def rename_address(browser, user):
    row = EmailAddress.objects.create(user=user, email="old@example.org")
    browser.post(f"{ADDRESSES}{row.pk}/change/", {"email": "new@example.org"})


def verify_address(browser, user):
    row = EmailAddress.objects.create(user=user, email="old@example.org")
    press(browser, ADDRESSES, "make_verified", row)


def delete_address(browser, user):
    row = EmailAddress.objects.create(user=user, email="old@example.org")
    browser.post(f"{ADDRESSES}{row.pk}/delete/", {"post": "yes"})


def delete_addresses(browser, user):
    row = EmailAddress.objects.create(user=user, email="old@example.org")
    press(browser, ADDRESSES, "delete_selected", row, post="yes")


def remove_factor(browser, user):
    row = Authenticator.objects.create(user=user, type="totp", data={})
    browser.post(f"{FACTORS}{row.pk}/delete/", {"post": "yes"})


def remove_factors(browser, user):
    row = Authenticator.objects.create(user=user, type="totp", data={})
    press(browser, FACTORS, "delete_selected", row, post="yes")


@pytest.mark.parametrize(
    ("act", "what", "also"),
    [
        (change_password, "password", []),
        (change_address, "address", ["new@example.org"]),
        (add_address, "address", []),
        (rename_address, "address", ["old@example.org"]),
        (verify_address, "address", []),
        (delete_address, "address", ["old@example.org"]),
        (delete_addresses, "address", ["old@example.org"]),
        (remove_factor, "second_factor", []),
        (remove_factors, "second_factor", []),
    ],
)
def test_owner_and_audit_log_hear_of_what_staff_change(
    helper, staff, stranger, mailoutbox, django_capture_on_commit_callbacks, act, what, also
):
    hers = stranger.email
    with django_capture_on_commit_callbacks(execute=True):
        act(helper, stranger)
    assert sorted(address for mail in mailoutbox for address in mail.to) == sorted([hers, *also])
    assert "Somebody on the staff" in mailoutbox[0].body
    assert "127.0.0.1" not in mailoutbox[0].body
    event = AuditEvent.objects.get(action="account_change")
    assert (event.actor_id, event.object_id) == (staff.pk, str(stranger.pk))
    assert event.details == {"change": what}


def test_owners_hear_nothing_of_what_stayed_as_it_was(
    helper, stranger, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        change(helper, stranger, first_name="Ada")
    stranger.refresh_from_db()
    assert (stranger.first_name, mailoutbox) == ("Ada", [])
