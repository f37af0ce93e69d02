import subprocess
import sys

import numpy as np
import pytest
from django.conf import settings

from tests.factories import enrolled_subject

pytestmark = pytest.mark.django_db

PUBLIC = ["/", "/limits/", "/privacy/", "/sign-in/face/", "/accounts/login/", "/accounts/signup/"]
OWN = [
    "/",
    "/face/",
    "/face/consent/",
    "/face/erase/",
    "/verify/",
    "/compare/",
    "/accounts/email/",
    "/accounts/password/change/",
]


@pytest.mark.parametrize("path", [*PUBLIC, "/accounts/password/reset/", "/healthz"])
def test_it_shows_public_pages_to_everybody(path, browser_of):
    assert browser_of().get(path).status_code == 200


@pytest.mark.parametrize("path", OWN)
def test_it_shows_own_pages_to_signed_in_people(path, owner, browser_of):
    assert browser_of(owner).get(path).status_code == 200


@pytest.mark.parametrize("path", PUBLIC + OWN)
def test_it_has_no_inline_scripts_or_styles(path, owner, browser_of):
    user = owner if path in OWN else None
    html = browser_of(user).get(path).content.decode()
    assert "<script>" not in html
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html


@pytest.mark.parametrize("path", ["/sign-in/face/", "/verify/", "/compare/", "/face/"])
def test_pages_that_take_pictures_know_how_large_they_may_be(path, version_row, browser_of):
    user = enrolled_subject(version_row, np.zeros(192)).user
    html = browser_of(None if path == "/sign-in/face/" else user).get(path).content.decode()
    assert f'data-max-bytes="{settings.FACE_MAX_IMAGE_BYTES}"' in html


@pytest.mark.parametrize("model", ["user", "subject", "sample", "template", "modelversion", "duplicateflag"])
def test_it_opens_the_admin_to_superusers_only(model, staff, owner, browser_of, version_row):
    url = f"/admin/enrollment/{model}/"
    assert browser_of().get(url).url.startswith("/admin/login/")
    assert browser_of(owner).get(url, follow=True).status_code == 403
    assert browser_of(staff).get(url).status_code == 403
    staff.is_superuser = True
    staff.save()
    assert browser_of(staff).get(url).status_code == 200


@pytest.mark.parametrize("model", ["attempt", "identification", "verificationsession"])
def test_it_shows_attempts_to_superusers(model, staff, browser_of):
    staff.is_superuser = True
    staff.save()
    assert browser_of(staff).get(f"/admin/verification/{model}/").status_code == 200


@pytest.fixture
def version_row(db):
    from tests.factories import model_version

    return model_version()


def test_it_keeps_the_web_process_light():
    script = (
        "import django, sys; django.setup(); import faceverify_site.urls, faceverify_site.wsgi;"
        "print([m for m in ('tensorflow', 'keras', 'cv2', 'ai_edge_litert') if m in sys.modules])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin"}
    out = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.strip() == "[]"
