"""Who may ask for what: every route of the site against owner, stranger, staff and anonymous.

A row is: method, then the status that each of the four gets. 200 and 204 let in; 302 sends to the sign-in or somewhere
harmless; 404 where the thing is somebody else's, so that nobody learns that it exists. A new route needs a new row.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone
from django.views.generic.edit import ProcessFormView

from enrollment.crypto import keyed_digest
from tests.conftest import show_password
from tests.faces import jpeg, portrait
from tests.factories import SampleFactory, UserFactory, model_version
from verification.browser import SESSION_SLOT
from verification.models import Comparison, Identification, VerificationSession

pytestmark = pytest.mark.django_db

UNSAFE = ("post", "put", "patch", "delete")
# route: (method, owner, stranger, staff, anonymous)
ROWS = {
    "home": ("get", 200, 200, 200, 200),
    "limits": ("get", 200, 200, 200, 200),
    "privacy": ("get", 200, 200, 200, 200),
    "enrollment:anchors": ("get", 200, 302, 302, 302),
    "enrollment:consent": ("get", 200, 200, 200, 302),
    "enrollment:consent_withdraw": ("post", 404, 404, 404, 302),
    "enrollment:sample_crop": ("get", 200, 404, 404, 302),
    "enrollment:account_delete": ("get", 302, 302, 302, 302),
    "enrollment:export": ("get", 200, 200, 200, 302),
    "enrollment:erase": ("get", 200, 200, 200, 302),
    "verification:sign_in": ("get", 302, 302, 302, 200),
    "verification:sign_in_finish": ("post", 302, 302, 302, 302),
    "verification:second_factor": ("get", 302, 302, 302, 302),
    "verification:second_factor_code": ("get", 302, 302, 302, 302),
    "verification:verify": ("get", 200, 200, 200, 302),
    "verification:compare": ("get", 200, 200, 200, 302),
    "account_login": ("get", 302, 302, 302, 200),
    "account_logout": ("get", 200, 200, 200, 302),
    "account_inactive": ("get", 200, 200, 200, 200),
    "account_signup": ("get", 302, 302, 302, 200),
    "account_reauthenticate": ("get", 200, 200, 200, 302),
    "account_email": ("get", 200, 200, 200, 302),
    "account_email_verification_sent": ("get", 200, 200, 200, 200),
    "account_change_password": ("get", 200, 200, 200, 302),
    "account_set_password": ("get", 302, 302, 302, 302),
    "account_reset_password": ("get", 200, 200, 200, 200),
    "account_confirm_login_code": ("get", 302, 302, 302, 302),
    "account_confirm_email": ("get", 200, 200, 200, 200),
    "account_reset_password_from_key_done": ("get", 200, 200, 200, 200),
    "account_reset_password_from_key": ("get", 200, 200, 200, 200),
    "account_reset_password_done": ("get", 200, 200, 200, 200),
    "mfa_index": ("get", 200, 200, 200, 302),
    "mfa_authenticate": ("get", 302, 302, 302, 302),
    "mfa_reauthenticate": ("get", 302, 302, 302, 302),
    "mfa_activate_totp": ("get", 302, 302, 302, 302),
    "mfa_deactivate_totp": ("get", 404, 404, 404, 302),
    "mfa_view_recovery_codes": ("get", 404, 404, 404, 302),
    "mfa_generate_recovery_codes": ("get", 302, 302, 302, 302),
    "mfa_download_recovery_codes": ("get", 404, 404, 404, 302),
    "mfa_list_webauthn": ("get", 200, 200, 200, 302),
    "mfa_add_webauthn": ("get", 302, 302, 302, 302),
    "mfa_reauthenticate_webauthn": ("get", 302, 302, 302, 302),
    "mfa_remove_webauthn": ("get", 302, 302, 302, 302),
    "mfa_edit_webauthn": ("get", 302, 302, 302, 302),
    "mfa_login_webauthn": ("get", 302, 302, 302, 302),
    "usersessions_list": ("get", 200, 200, 200, 302),
    "enrollment_api:me": ("get", 200, 200, 200, 401),
    "enrollment_api:consents": ("get", 200, 200, 200, 401),
    "enrollment_api:samples": ("get", 200, 200, 200, 401),
    "enrollment_api:sample": ("get", 200, 404, 404, 401),
    "enrollment_api:subjects": ("post", 403, 403, 403, 401),
    "enrollment_api:subject": ("get", 403, 403, 403, 401),
    "enrollment_api:subject_consents": ("put", 403, 403, 403, 401),
    "enrollment_api:subject_samples": ("get", 403, 403, 403, 401),
    "enrollment_api:subject_sample": ("get", 403, 403, 403, 401),
    "enrollment_api:imports": ("post", 403, 403, 403, 401),
    "enrollment_api:import": ("get", 403, 403, 403, 401),
    "enrollment_api:models": ("get", 403, 403, 403, 401),
    "enrollment_api:model": ("get", 403, 403, 403, 401),
    "enrollment_api:model_activate": ("post", 403, 403, 403, 401),
    "enrollment_api:model_roll_back": ("post", 403, 403, 403, 401),
    "enrollment_api:promotion": ("get", 403, 403, 403, 401),
    "enrollment_api:promotion_cancel": ("post", 403, 403, 403, 401),
    "enrollment_api:training_runs": ("get", 403, 403, 403, 401),
    "enrollment_api:training_run": ("get", 403, 403, 403, 401),
    "enrollment_api:training_run_cancel": ("post", 403, 403, 403, 401),
    "verification_api:sessions": ("post", 400, 400, 400, 400),
    "verification_api:sign_in_code": ("post", 401, 401, 401, 401),
    "verification_api:session": ("get", 200, 404, 404, 404),
    "verification_api:frames": ("post", 202, 404, 404, 404),
    "verification_api:subject_verifications": ("post", 403, 403, 403, 401),
    "verification_api:subject_verification": ("get", 403, 403, 403, 401),
    "verification_api:comparisons": ("post", 400, 400, 400, 401),
    "verification_api:comparison": ("get", 200, 404, 404, 401),
    "verification_api:identifications": ("post", 403, 403, 403, 401),
    "verification_api:identification": ("get", 403, 403, 403, 401),
    "developers": ("get", 200, 200, 200, 200),
    "developers_api": ("get", 200, 200, 200, 200),
    "developers_webhooks": ("get", 200, 200, 200, 200),
    "manifest": ("get", 200, 200, 200, 200),
    "service_worker": ("get", 200, 200, 200, 200),
    "offline": ("get", 200, 200, 200, 200),
    "openapi": ("get", 200, 200, 200, 200),
    "api_docs": ("get", 200, 200, 200, 200),
    "api_redoc": ("get", 200, 200, 200, 200),
    "healthz": ("get", 200, 200, 200, 200),
    "readyz": ("get", 503, 503, 503, 503),
    "metrics": ("get", 403, 403, 403, 403),
}
# Of apps alone: a cookie opens nothing here, so that whoever comes with one is nobody.
APPS = {
    "headless:app:config": ("get", 200),
    "no_phone": ("get", 404),
    "no_phone_to_verify": ("get", 404),
    "headless:app:account:current_session": ("get", 401),
    "headless:app:account:reauthenticate": ("post", 401),
    "headless:app:account:confirm_login_code": ("post", 409),
    "headless:app:account:request_password_reset": ("post", 400),
    "headless:app:account:reset_password": ("post", 400),
    "headless:app:account:login": ("post", 400),
    "headless:app:account:signup": ("post", 400),
    "headless:app:account:verify_email": ("post", 400),
    "headless:app:account:resend_email_verification_code": ("post", 409),
    "headless:app:account:verify_phone": ("post", 404),
    "headless:app:account:resend_phone_verification_code": ("post", 404),
    "headless:app:account:change_password": ("post", 401),
    "headless:app:account:manage_email": ("get", 401),
    "headless:app:account:manage_phone": ("get", 404),
    "headless:app:mfa:authenticate": ("post", 401),
    "headless:app:mfa:reauthenticate": ("post", 401),
    "headless:app:mfa:authenticate_webauthn": ("get", 401),
    "headless:app:mfa:reauthenticate_webauthn": ("get", 401),
    "headless:app:mfa:login_webauthn": ("get", 200),
    "headless:app:mfa:authenticators": ("get", 401),
    "headless:app:mfa:manage_totp": ("get", 401),
    "headless:app:mfa:manage_recovery_codes": ("get", 401),
    "headless:app:mfa:manage_webauthn": ("get", 401),
    "headless:app:usersessions:sessions": ("get", 401),
    "headless:app:tokens:refresh": ("post", 400),
}
ROWS |= {name: (method, status, status, status, status) for name, (method, status) in APPS.items()}
# The same routes by other methods, where they change something.
CHANGES = [
    ("enrollment:erase", "post", 302, 302, 302, 302),
    ("enrollment:export", "post", 200, 200, 200, 302),
    ("enrollment_api:consents", "put", 400, 400, 400, 401),
    ("enrollment_api:samples", "post", 400, 400, 400, 401),
    ("enrollment_api:subjects", "get", 403, 403, 403, 401),
    ("enrollment_api:subject", "delete", 403, 403, 403, 401),
    ("enrollment_api:subject_samples", "post", 403, 403, 403, 401),
    ("enrollment_api:subject_sample", "delete", 403, 403, 403, 401),
    ("enrollment_api:sample", "delete", 204, 404, 404, 401),
    ("enrollment_api:training_runs", "post", 403, 403, 403, 401),
    ("enrollment:consent", "post", 200, 200, 200, 302),
    ("enrollment:account_delete", "post", 302, 302, 302, 302),
    ("verification:second_factor_code", "post", 302, 302, 302, 302),
    ("account_login", "post", 302, 302, 302, 200),
    ("account_logout", "post", 302, 302, 302, 302),
    ("account_signup", "post", 302, 302, 302, 200),
    ("account_reauthenticate", "post", 200, 200, 200, 302),
    ("account_email", "post", 302, 302, 302, 302),
    *[("account_email_verification_sent", method, 405, 405, 405, 405) for method in UNSAFE],
    ("account_change_password", "post", 200, 200, 200, 302),
    ("account_set_password", "post", 302, 302, 302, 302),
    ("account_reset_password", "post", 200, 200, 200, 200),
    ("account_confirm_login_code", "post", 302, 302, 302, 302),
    ("account_confirm_email", "post", 404, 404, 404, 404),
    ("account_reset_password_from_key", "post", 200, 200, 200, 200),
    ("mfa_authenticate", "post", 302, 302, 302, 302),
    ("mfa_reauthenticate", "post", 302, 302, 302, 302),
    ("mfa_activate_totp", "post", 302, 302, 302, 302),
    ("mfa_deactivate_totp", "post", 404, 404, 404, 302),
    ("mfa_generate_recovery_codes", "post", 302, 302, 302, 302),
    ("mfa_add_webauthn", "post", 302, 302, 302, 302),
    ("mfa_reauthenticate_webauthn", "post", 302, 302, 302, 302),
    ("mfa_remove_webauthn", "post", 302, 302, 302, 302),
    ("mfa_remove_webauthn", "delete", 302, 302, 302, 302),
    ("mfa_edit_webauthn", "post", 302, 302, 302, 302),
    ("mfa_login_webauthn", "post", 302, 302, 302, 302),
    ("usersessions_list", "post", 302, 302, 302, 302),
]
CHANGES_BY_APPS = [
    ("headless:app:account:current_session", "delete", 401),
    ("headless:app:account:manage_email", "post", 409),
    ("headless:app:account:manage_email", "put", 401),
    ("headless:app:account:manage_email", "patch", 401),
    ("headless:app:account:manage_email", "delete", 401),
    *(("headless:app:account:manage_phone", method, 404) for method in UNSAFE),
    *((name, method, 404) for name in ("no_phone", "no_phone_to_verify") for method in UNSAFE),
    ("headless:app:mfa:authenticate_webauthn", "post", 401),
    ("headless:app:mfa:reauthenticate_webauthn", "post", 401),
    ("headless:app:mfa:login_webauthn", "post", 400),
    ("headless:app:mfa:manage_totp", "post", 401),
    ("headless:app:mfa:manage_totp", "delete", 401),
    ("headless:app:mfa:manage_recovery_codes", "post", 401),
    ("headless:app:mfa:manage_webauthn", "post", 401),
    ("headless:app:mfa:manage_webauthn", "put", 401),
    ("headless:app:mfa:manage_webauthn", "delete", 401),
    ("headless:app:usersessions:sessions", "delete", 401),
]
CHANGES += [(name, method, status, status, status, status) for name, method, status in CHANGES_BY_APPS]
# What staff without any permission see of the admin; everything else there answers 403 (or sends on).
ADMIN_OPEN = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n", "search"}
# Answers 400 to anybody who brings none.
WITH_PICTURE, PICTURE = {"verification_api:frames"}, jpeg(portrait())
CAST = ("owner", "stranger", "staff", "anonymous")


def routes(
    resolver: URLResolver, namespace: str = "", outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[str]]]:
    """Every route's name, with the arguments in its address."""
    for pattern in resolver.url_patterns:
        arguments = (*outer, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern, inner, arguments)
        else:
            yield f"{namespace}{pattern.name or ''}", list(arguments)


def callbacks(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every route's name, with what answers it."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from callbacks(
                pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
        else:
            yield f"{namespace}{pattern.name or ''}", pattern.callback


ALL = dict(routes(get_resolver()))
CALLBACKS = dict(callbacks(get_resolver()))
ADMIN = sorted(name for name in ALL if name.startswith("admin:") and name != "admin:")


@pytest.fixture
def things(owner):
    """What the owner has, by the name of the argument in routes."""
    version = model_version()
    sample = SampleFactory(subject=owner.subject)
    sample.accept(crop=jpeg(portrait()), quality={})
    sample.save()
    decided = {"owner": owner, "model_version": version, "state": "decided", "decided_at": timezone.now()}
    session = VerificationSession.objects.create(
        purpose="verify",
        user=owner,
        account_key="x",
        login_key="x",
        browser_key=keyed_digest(browser_secret("owner").encode(), context="browser"),
    )
    return {
        "sample_id": sample.pk,
        "subject_id": sample.subject.public_id,
        "verification_id": session.pk,
        "import_id": sample.subject.public_id,
        "session_id": session.pk,
        "comparison_id": Comparison.objects.create(**decided).pk,
        "identification_id": Identification.objects.create(**decided).pk,
        "pk": 1,
        "version_id": version.pk,
        "promotion_id": 1,
        "run_id": 1,
        "uidb36": "1",
        "key": "none",
        "rest": "verify",
    }


def browser_for(who: str, owner, browser_of):
    if who == "anonymous":
        return browser_of()
    user = {"owner": owner}.get(who) or UserFactory(is_staff=who == "staff")
    browser = browser_of(user)
    show_password(browser, user)
    session = browser.session
    session[SESSION_SLOT] = browser_secret(who)
    session.save()
    return browser


def browser_secret(who: str) -> str:
    """What ties verification sessions to this one's browser."""
    return f"the browser of {who}"


def address(name: str, things) -> str:
    return reverse(name, kwargs={argument: things[argument] for argument in ALL[name]})


def unsafe_methods(name: str) -> set[str]:
    """The methods beside GET that a route answers at all; PUT not where Django takes it for a POST."""
    view = CALLBACKS[name]
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of_class is None:
        return {method.lower() for method in _required_methods(view)} & set(UNSAFE)
    put_is_post = getattr(of_class, "put", None) is ProcessFormView.put
    answered = {method for method in UNSAFE if hasattr(of_class, method)} & set(of_class.http_method_names)
    return answered - {"put"} if put_is_post else answered


def _required_methods(view: Callable[..., Any]) -> list[str]:
    """What `require_http_methods` lets through; without it, everything."""
    wrapped: Callable[..., Any] | None = view
    while wrapped is not None:
        allowed = inspect.getclosurevars(wrapped).nonlocals.get("request_method_list")
        if allowed is not None:
            return list(allowed)
        wrapped = getattr(wrapped, "__wrapped__", None)
    return list(UNSAFE)


def test_every_unsafe_method_of_a_route_has_a_row():
    tried = {(name, row[0]) for name, row in ROWS.items()} | {(row[0], row[1]) for row in CHANGES}
    there = {(name, method) for name in ROWS for method in unsafe_methods(name)}
    assert there - tried == set()


def test_every_route_has_a_row():
    assert set(ROWS) == {name for name in ALL if not name.startswith("admin:")}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_it_answers_each_as_the_row_says(name, things, owner, browser_of):
    check(name, *ROWS[name], things=things, owner=owner, browser_of=browser_of)


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_lets_change_as_the_row_says(row, things, owner, browser_of):
    check(*row, things=things, owner=owner, browser_of=browser_of)


def check(name: str, method: str, *statuses: int, things, owner, browser_of) -> None:
    """The owner comes last: what is erased is not there for the others."""
    answers = {}
    for who in reversed(CAST):
        body = [{"image": SimpleUploadedFile("x.jpg", PICTURE)}] if name in WITH_PICTURE else []
        ask = getattr(browser_for(who, owner, browser_of), method)
        answers[who] = ask(address(name, things), *body).status_code
    assert answers == dict(zip(CAST, statuses, strict=True))


@pytest.mark.parametrize("name", ADMIN)
def test_the_admin_lets_in_nobody_but_staff(name, owner, browser_of):
    path = reverse(
        name, kwargs={argument: {"app_label": "enrollment"}.get(argument, "1") for argument in ALL[name]}
    )
    is_open = name.removeprefix("admin:") in ADMIN_OPEN
    kept_out = {"staff": {200, 302, 405} if is_open else {302, 403, 404, 405}}
    for who in CAST:
        browser = browser_for(who, owner, browser_of)
        for method in ("get", *UNSAFE):
            answer = getattr(browser, method)(path)
            assert answer.status_code in kept_out.get(who, {302, 403, 405}), (who, method)


@pytest.mark.parametrize("name", sorted(name for name in ROWS if "_api:" in name))
def test_the_api_wants_a_csrf_token_even_of_anonymous_people(name, things, owner):
    from django.test import Client

    for user in (None, owner):
        browser = Client(enforce_csrf_checks=True)
        if user:
            browser.force_login(user)
        assert browser.post(address(name, things)).status_code == 403
