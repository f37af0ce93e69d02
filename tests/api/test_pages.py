"""Lists in pages: which page is asked for is checked, and pages lead to each other."""

import base64

import pytest

from tests.factories import SampleFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/samples"


def test_it_walks_through_all_rows_and_back(owner, browser_of):
    made = [str(SampleFactory(subject=owner.subject).pk) for _ in range(5)]
    client = browser_of(owner)
    first = client.get(URL, {"page_size": 3}).json()
    second = client.get(first["next"]).json()
    found = [row["id"] for row in first["samples"] + second["samples"]]
    assert found == made[::-1]
    assert (first["previous"], second["next"]) == (None, None)
    assert client.get(second["previous"]).json()["samples"] == first["samples"]


@pytest.mark.parametrize("size", ["0", "101", "-1", "ten", "", "1e1", "٣"])
def test_it_refuses_a_size_out_of_range(owner, browser_of, size):
    answer = browser_of(owner).get(URL, {"page_size": size})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["page_size"])


@pytest.mark.parametrize(
    "position",
    ["nonsense", "o=99999999999999999999x", "p=no-date", "p=2026-13-45", "p=0001-01-01 00:00:00-23:00"],
)
def test_it_knows_no_page_that_somebody_made_up(owner, browser_of, position):
    cursor = base64.b64encode(position.encode()).decode()
    answer = browser_of(owner).get(URL, {"cursor": cursor})
    assert answer.status_code in {200, 404}  # what is no position at all is the first page
    assert browser_of(owner).get(URL, {"cursor": "nonsense"}).json()["code"] == "not_found"
