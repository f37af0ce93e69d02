"""The API's document in docs/ says what the code does."""

from pathlib import Path

import yaml
from django.conf import settings
from django.core.management import call_command

from enrollment.reasons import Reason
from faceverify_site.errors import CODE_BY_EXCEPTION, STATUS_BY_CODE

DOCS = Path(settings.BASE_DIR) / "docs"


def test_it_is_what_the_code_says(tmp_path):
    """`make openapi` writes it anew."""
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(fresh))
    assert yaml.safe_load(fresh.read_text()) == yaml.safe_load((DOCS / "openapi.yaml").read_text())


def test_the_page_lists_every_code():
    page = (DOCS / "api.md").read_text()
    codes = {*STATUS_BY_CODE, *CODE_BY_EXCEPTION.values(), *Reason.values}
    assert {code for code in codes if f"`{code}`" not in page} == set()
