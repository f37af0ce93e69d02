"""What every answer tells the browser to keep away from."""

import pytest

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def policy(answer) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))


@pytest.mark.parametrize(
    "path", ["/", "/privacy/", "/accounts/login/", "/nowhere", "/api/v1/samples", "/healthz"]
)
def test_everything_comes_from_this_site_and_nothing_is_inline(client, path):
    directives = policy(client.get(path))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"


def test_the_pages_with_the_camera_may_run_webassembly_and_no_others(client):
    assert policy(client.get("/sign-in/face/"))["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "wasm" not in client.get("/limits/")["Content-Security-Policy"]


def test_the_admin_alone_gets_the_exceptions_of_its_theme(browser_of):
    browser = browser_of(UserFactory(is_staff=True))
    directives = policy(browser.get("/admin/"))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["style-src"] == "'self' 'unsafe-inline'"
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ],
)
def test_other_sites_are_kept_out(client, name, value):
    assert client.get("/")[name] == value


def test_only_the_camera_is_allowed_and_only_here(client):
    allowed = client.get("/")["Permissions-Policy"]
    assert "camera=(self)" in allowed
    assert "microphone=()" in allowed


def test_no_cache_keeps_what_the_api_tells(owner, browser_of, backend_of):
    answers = [
        browser_of(owner).get("/api/v1/me"),
        browser_of(owner).get("/api/v1/samples"),
        backend_of("subjects:write").get("/api/v1/subjects"),
        browser_of().get("/api/v1/me"),
    ]
    assert [answer["Cache-Control"] for answer in answers] == ["no-store"] * 4


@pytest.mark.parametrize(
    "path", ["/", "/face/", "/verify/", "/accounts/sessions/", "/accounts/email/", "/accounts/2fa/"]
)
def test_what_somebody_signed_in_saw_is_kept_nowhere(owner, browser_of, path):
    assert browser_of(owner).get(path)["Cache-Control"] == "private, no-store"


def test_pages_for_everybody_say_nothing_of_that(client):
    assert "Cache-Control" not in client.get("/")
