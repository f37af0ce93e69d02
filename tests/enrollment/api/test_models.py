"""Model versions over the API: reading them, taking one into use, going back."""

import pytest
from django.contrib.auth.models import Permission

from enrollment.models import ModelVersion, Promotion
from tests.conftest import show_password
from tests.crowd import at_once
from tests.enrollment.test_promotions import promoted, registered
from tests.factories import model_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
URL = "/api/v1/models"


@pytest.fixture
def active():
    return model_version()


@pytest.fixture
def candidate(active, tmp_path):
    return registered(tmp_path / "twin-1")


def staff_with(staff, *names):
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff


@pytest.fixture
def promoter(staff, browser_of):
    return browser_of(staff_with(staff, "can_promote"), api=True)


def activate(browser, version, **body):
    return browser.post(f"{URL}/{version.pk}/activate", body, format="json")


def roll_back(browser, version):
    return browser.post(f"{URL}/roll-back", {"active": version.pk}, format="json")


class TestReading:
    def test_it_lists_the_newest_first(self, promoter, active, candidate):
        answer = promoter.get(URL).json()
        assert [row["name"] for row in answer["models"]] == [candidate.name, active.name]

    def test_it_pages(self, promoter, active, candidate):
        first = promoter.get(URL, {"page_size": 1}).json()
        second = promoter.get(first["next"]).json()
        assert [row["id"] for row in second["models"]] == [active.pk]
        assert second["next"] is None

    def test_it_tells_the_figures(self, promoter, active):
        figures = promoter.get(f"{URL}/{active.pk}").json()["figures"]
        assert figures["target_fmr"] == 1e-4
        assert 0 <= figures["fnmr"] < 1
        assert figures["subjects"] > 100

    def test_it_tells_nothing_of_single_people(self, promoter, active):
        # So long that no digest and no other number of the answer holds a part of them.
        one, other = "777777777777001", "777777777777002"
        active.lineage = {"subjects": {one: ["sample-a", "sample-b"], other: ["sample-c"]}}
        mixed = {"code": "mixed_people", "where": f"site {other}", "challenger": 9, "limit": 2}
        active.report = {"gate": {"passed": False, "reasons": [mixed]}}
        active.save()
        answer = promoter.get(f"{URL}/{active.pk}")
        assert answer.json()["lineage"]["subjects"] == 2
        assert answer.json()["lineage"]["samples"] == 3
        assert answer.json()["report"]["reasons"][0]["where"] is None
        assert not {one, other, "sample-a"} & set(answer.content.decode().replace('"', " ").split())
        assert b"77777777" not in answer.content

    def test_it_tells_no_threshold(self, promoter, active):
        assert b"threshold" not in promoter.get(f"{URL}/{active.pk}").content.replace(
            b"looser_threshold", b""
        )

    @pytest.mark.parametrize("number", [0, 10**9, 10**30])
    def test_there_is_no_such_version(self, promoter, number):
        assert promoter.get(f"{URL}/{number}").status_code == 404

    def test_it_is_for_staff_who_may(self, staff, owner, browser_of, active):
        owner.user_permissions.set(Permission.objects.filter(codename="can_promote"))
        for user in (staff, owner):
            assert browser_of(user, api=True).get(URL).status_code == 403
        assert browser_of(staff_with(staff, "view_modelversion"), api=True).get(URL).status_code == 200

    def test_it_is_not_for_who_came_by_face(self, staff, browser_of, active):
        browser = browser_of(staff_with(staff, "can_promote"), api=True)
        show_password(browser, staff, method="face")
        assert browser.get(URL).status_code in {401, 403}


class TestActivate:
    def test_it_begins_a_promotion_to_follow(self, promoter, candidate):
        answer = activate(promoter, candidate)
        assert answer.status_code == 202
        assert answer.json()["state"] == "embedding"
        assert promoter.get(f"/api/v1/promotions/{answer.json()['id']}").json()["version"] == candidate.name

    def test_retraining_alone_does_not_let_promote(self, staff, browser_of, candidate):
        browser = browser_of(staff_with(staff, "can_retrain", "view_modelversion"), api=True)
        assert activate(browser, candidate).status_code == 403
        assert not Promotion.objects.exists()

    def test_it_asks_for_the_password_again(self, promoter, staff, candidate):
        show_password(promoter, staff, seconds_ago=3600)
        answer = activate(promoter, candidate)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
        assert not Promotion.objects.exists()

    def test_a_looser_threshold_wants_to_be_meant(self, promoter, active, tmp_path):
        calibration = dict(active.manifest["calibration"])
        rules = calibration["rules"]
        lower = {
            name: {fmr: [score - 0.01 for score in row] for fmr, row in rule.items()}
            for name, rule in rules.items()
        }
        looser = registered(tmp_path / "looser", calibration=calibration | {"rules": lower})
        refused = activate(promoter, looser)
        assert (refused.status_code, refused.json()["code"]) == (422, "looser_threshold")
        assert activate(promoter, looser, accept_looser_threshold=True).status_code == 202

    def test_the_active_version_cannot_be_promoted(self, promoter, active):
        answer = activate(promoter, active)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_promotable")

    def test_of_eight_at_once_one_wins(self, staff, browser_of, candidate):
        staff_with(staff, "can_promote")
        browsers = [browser_of(staff, api=True) for _ in range(8)]
        answers = at_once(lambda browser: activate(browser, candidate), browsers)
        codes = [(answer.status_code, answer.json().get("code")) for answer in answers]
        assert sorted(codes, key=str) == [(202, None), *[(409, "promotion_open")] * 7]
        assert Promotion.objects.count() == 1


class TestRollBack:
    def test_it_goes_back_at_once(self, promoter, active, candidate):
        promoted(candidate)
        answer = roll_back(promoter, candidate)
        assert (answer.status_code, answer.json()["state"]) == (200, "switched")
        assert ModelVersion.objects.get(state="active") == active

    def test_asked_twice_it_goes_back_once(self, promoter, active, candidate):
        promoted(candidate)
        roll_back(promoter, candidate)
        answer = roll_back(promoter, candidate)
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
        assert ModelVersion.objects.get(state="active") == active

    def test_there_is_nothing_to_go_back_to(self, promoter, active):
        assert roll_back(promoter, active).json()["code"] == "nothing_to_roll_back"

    def test_it_names_the_version_to_leave(self, promoter, active):
        assert promoter.post(f"{URL}/roll-back", {}, format="json").status_code == 400
        assert promoter.post(f"{URL}/roll-back", {"active": 10**30}, format="json").status_code == 400

    def test_looking_alone_does_not_let_go_back(self, staff, browser_of, active, candidate):
        promoted(candidate)
        browser = browser_of(staff_with(staff, "view_modelversion", "can_retrain"), api=True)
        assert roll_back(browser, candidate).status_code == 403
        assert ModelVersion.objects.get(state="active") == candidate
