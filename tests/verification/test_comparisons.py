"""From two pictures to a verdict, with the shipped model and real pictures."""

import math
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.utils import timezone
from kombu.exceptions import OperationalError

from enrollment.errors import IllegalTransition, SealBroken
from tests.faces import jpeg, lfw, lfw_people, needs_lfw, portrait, portraits
from verification import jobs
from verification.errors import ServiceUnavailable
from verification.models import Comparison
from verification.policy import cosine_distance
from verification.services import comparison_submit, inquiry_wait
from verification.services.inquiries import inquiry_queue

pytestmark = pytest.mark.django_db


def submit(owner, a: bytes = portraits()[0], b: bytes = portraits()[1]) -> Comparison:
    files = [SimpleUploadedFile("picture.jpg", data) for data in (a, b)]
    return comparison_submit(owner, *files)


def compare(owner, *pictures: bytes) -> Comparison:
    comparison = submit(owner, *pictures)
    jobs.comparison_decide(comparison.pk)
    comparison.refresh_from_db()
    return comparison


def test_it_matches_two_pictures_of_one_person(owner, version):
    answer = compare(owner).answer
    assert answer["matched"]
    assert answer["distance"] == pytest.approx(math.sqrt(2 - 2 * answer["similarity"]))


def test_it_finds_a_picture_equal_to_itself(owner, version):
    assert compare(owner, jpeg(portrait()), jpeg(portrait())).answer["distance"] < 1e-3


@needs_lfw
def test_it_does_not_match_two_people(owner, version):
    one, other = lfw_people(2, images=2)
    answer = compare(owner, *lfw(one, 1), *lfw(other, 1)).answer
    assert (answer["matched"], answer["distance"] > answer["threshold_distance"]) == (False, True)


def test_it_erases_the_pictures_after_the_answer(owner, version):
    assert bytes(compare(owner).sealed_pictures) == b""


def test_it_keeps_pictures_and_answer_sealed(owner, version):
    assert b"JFIF" not in bytes(submit(owner).sealed_pictures)
    assert b"similarity" not in bytes(compare(owner).sealed_answer)


def test_it_opens_an_answer_in_its_own_row_alone(owner, version):
    first, second = compare(owner), compare(owner)
    first.sealed_answer = second.sealed_answer
    with pytest.raises(SealBroken):
        assert first.answer


def test_it_gives_both_pictures_back_as_they_came(owner, version):
    assert submit(owner, *portraits()[:2]).pictures == portraits()[:2]


def test_it_refuses_pictures_in_an_answered_row(owner, version):
    comparison = compare(owner)
    comparison.pictures = portraits()[:2]
    with pytest.raises(IntegrityError):
        comparison.save()


def test_it_decides_once_when_the_message_comes_twice(owner, version):
    comparison = compare(owner)
    jobs.comparison_decide(comparison.pk)
    assert Comparison.objects.get().decided_at == comparison.decided_at
    with pytest.raises(IllegalTransition):
        comparison.void([])


def test_it_says_so_when_the_model_is_gone(owner, version, tmp_path):
    comparison = submit(owner)
    type(version).objects.update(path=str(tmp_path))
    jobs.comparison_decide(comparison.pk)
    assert Comparison.objects.get().reasons == [{"picture": "", "code": "service_unavailable"}]


def test_it_erases_the_pictures_at_once_without_a_queue(owner, version):
    def unreachable(_: str) -> None:
        raise OperationalError

    comparison = Comparison(owner=owner, model_version=version)
    comparison.pictures = portraits()[:2]
    with pytest.raises(ServiceUnavailable):
        inquiry_queue(comparison, owner, unreachable)
    assert not Comparison.objects.exclude(sealed_pictures=b"").exists()


def test_it_gives_up_on_a_worker_that_does_not_answer(owner, version):
    comparison = submit(owner)
    Comparison.objects.update(created_at=timezone.now() - timedelta(seconds=16))
    found = inquiry_wait(Comparison, comparison.pk, owner)
    assert (found.state, bytes(found.sealed_pictures)) == ("void", b"")


def test_it_erases_comparisons_after_a_quarter_of_an_hour(owner, version):
    compare(owner)
    Comparison.objects.update(decided_at=timezone.now() - timedelta(minutes=14))
    jobs.inquiries_sweep()
    assert Comparison.objects.exists()
    Comparison.objects.update(decided_at=timezone.now() - timedelta(minutes=16))
    jobs.inquiries_sweep()
    assert not Comparison.objects.exists()


def test_it_voids_what_nobody_came_back_for(owner, version):
    submit(owner)
    Comparison.objects.update(created_at=timezone.now() - timedelta(seconds=16))
    jobs.inquiries_sweep()
    assert Comparison.objects.get().state == "void"


@pytest.mark.parametrize(("similarity", "distance"), [(1, 0), (0, math.sqrt(2)), (-1, 2), (1.0000001, 0)])
def test_it_turns_a_cosine_into_a_distance(similarity, distance):
    assert cosine_distance(similarity) == pytest.approx(distance)
