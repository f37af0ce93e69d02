"""From two pictures to a verdict, with the shipped model and real pictures."""

import base64
import io
import math
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import timezone
from kombu.exceptions import OperationalError
from PIL import Image

from enrollment.errors import IllegalTransition, SealBroken
from ml.serving.calibration import Calibration
from ml.siamese.rules import TEMPLATE_MEAN
from tests.artifacts import small_artifact
from tests.faces import jpeg, lfw, lfw_people, needs_lfw, portrait, portraits
from verification import jobs
from verification.errors import ServiceUnavailable
from verification.models import Comparison
from verification.policy import cosine_distance
from verification.services import comparison_submit, inquiry_wait
from verification.services.inquiries import inquiry_queue

pytestmark = pytest.mark.django_db
# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
untidy_keras = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def submit(owner, a: bytes = portraits()[0], b: bytes = portraits()[1], *, model: str = "") -> Comparison:
    files = [SimpleUploadedFile("picture.jpg", data) for data in (a, b)]
    return comparison_submit(owner, *files, model=model)


def compare(owner, *pictures: bytes, model: str = "") -> Comparison:
    comparison = submit(owner, *pictures, model=model)
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


def register(folder) -> str:
    call_command("register_model", folder, verbosity=0)
    return folder.name


def faces_seen(answer) -> list[tuple[int, int]]:
    files = [base64.b64decode(uri.partition(",")[2]) for uri in answer["crops"]]
    return [Image.open(io.BytesIO(file)).size for file in files]


@untidy_keras
def test_it_tells_the_distance_of_a_euclidean_model(owner, version, tmp_path):
    name = register(small_artifact(tmp_path / "small-1", "contrastive48", thresholds=(-0.5,)))
    answer = compare(owner, jpeg(portrait()), jpeg(portrait()), model=name).answer
    assert (answer["measure"], answer["matched"], answer["fmr"]) == ("distance", True, 1e-4)
    assert answer["distance"] == pytest.approx(0, abs=1e-3)
    assert answer["threshold_distance"] == 0.5
    assert faces_seen(answer) == [(47, 62), (47, 62)]


@untidy_keras
def test_it_tells_the_probability_of_a_learned_comparator(owner, version, tmp_path):
    name = register(small_artifact(tmp_path / "learned-1", "koch4096", thresholds=(0.96,)))
    answer = compare(owner, jpeg(portrait()), jpeg(portrait()), model=name).answer
    # Three for equal embeddings, before the sigmoid.
    assert answer["similarity"] == pytest.approx(1 / (1 + math.exp(-3)), abs=1e-3)
    assert (answer["measure"], answer["distance"], answer["matched"]) == ("probability", None, False)
    assert faces_seen(answer) == [(105, 105), (105, 105)]


@untidy_keras
def test_it_uses_the_strictest_threshold_that_there_is(owner, version, tmp_path):
    few = Calibration({TEMPLATE_MEAN: {1e-2: (-1.9,)}}, {})
    name = register(small_artifact(tmp_path / "few-1", "contrastive48", thresholds=(), calibration=few))
    answer = compare(owner, model=name).answer
    assert (answer["fmr"], answer["threshold"], answer["matched"]) == (1e-2, -1.9, True)


@pytest.mark.parametrize(("similarity", "distance"), [(1, 0), (0, math.sqrt(2)), (-1, 2), (1.0000001, 0)])
def test_it_turns_a_cosine_into_a_distance(similarity, distance):
    assert cosine_distance(similarity) == pytest.approx(distance)
