"""The challenge of a sign-in: what is asked, what is taken in, and who gets in."""

import io
import random
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone
from PIL import Image

from ml.evaluation import borrowed_heads as heads
from ml.evaluation import liveness as trials
from ml.faces.images import decode
from ml.faces.liveness import Action, judge
from ml.faces.quality import ENROLLMENT_GATE
from tests.apps import SESSIONS, app
from tests.crowd import at_once
from tests.faces import SHARED, jpeg, lfw, needs_lfw, portrait
from tests.factories import ConsentFactory, SubjectFactory, UserFactory, accepted_sample, enrolled_subject
from verification import challenge, jobs
from verification.checks import check_liveness
from verification.errors import FramesRefused, SessionClosed
from verification.models import Attempt, FailureCount, SeenFrame, Source, VerificationSession
from verification.selectors import last_challenge
from verification.services import attempt_submit, session_get, session_open

pytestmark = pytest.mark.django_db
CLIP = SHARED / "liveness" / "videos" / "bona_fide" / "krzysiek_turns_and_up.mp4"
STRANGER = CLIP.with_name("apfol_turns.webm")
needs_clip = pytest.mark.skipif(not CLIP.exists(), reason="needs the clips in ../shared/data/liveness")


@pytest.fixture(autouse=True)
def required(settings):
    settings.LIVENESS = "required"


@pytest.fixture(scope="module")
def pipeline():
    from pathlib import Path

    from django.conf import settings

    from ml.serving.pipeline import FacePipeline

    return FacePipeline.load(Path(settings.FACE_MODEL))


@pytest.fixture(scope="module")
def film(pipeline):
    """The clip's pictures, each with the face in it."""
    return [(picture, pipeline.frame(picture, eyes=True)) for picture in trials.clip_pictures(CLIP)]


@pytest.fixture
def actor(version, film):
    """The person of the clip, enrolled."""
    embedding = film[0][1].embedding
    return enrolled_subject(version, embedding / np.linalg.norm(embedding), username="actor").user


def open_session(
    login: str = "actor", *, actions=("turn_left", "turn_right"), age: float = 5
) -> VerificationSession:
    """A session that was opened some seconds ago and asks for this."""
    session = session_open(purpose="sign_in", browser_key="browser", source="127.0.0.1", login=login)
    VerificationSession.objects.filter(pk=session.pk).update(
        challenge=list(actions), created_at=timezone.now() - timedelta(seconds=age)
    )
    session.refresh_from_db()
    return session


def answer(film, actions):
    """What a client picks from the film for these actions."""
    picture_of = {id(face): picture for picture, face in film}
    picked = trials.pick([face for _, face in film] * 2, [Action(action) for action in actions])
    return [picture_of[id(face)] for face in picked]


def submit(session: VerificationSession, pictures: list[bytes]) -> Attempt:
    return attempt_submit(session, *(SimpleUploadedFile("frame.jpg", picture) for picture in pictures))


def send(session: VerificationSession, pictures: list[bytes]) -> VerificationSession:
    jobs.attempt_decide(submit(session, pictures).pk)
    session.refresh_from_db()
    return session


@pytest.mark.parametrize("login", ["actor", "nobody"])
def test_opening_session_after_session_asks_for_the_same_again(version, login):
    """Else whoever holds one film opens sessions until it is the right one, which counts nothing."""
    UserFactory(username="actor")
    assert len({tuple(session_open_as(login).challenge) for _ in range(50)}) == 1


@needs_clip
def test_a_challenge_that_was_answered_gives_way_to_a_new_one(version, actor, film):
    session = open_session(actions=("turn_left", "turn_right"))
    assert last_challenge(session.login_key) == (session.pk, ["turn_left", "turn_right"])
    send(session, answer(film, ["turn_right", "turn_left"]))
    assert last_challenge(session.login_key) == (session.pk, [])


def test_a_picture_without_a_face_is_no_answer(version):
    session = open_session("nobody", actions=("turn_left", "look_up"))
    blank = [jpeg(Image.new("RGB", (320, 240), (shade, 90, 90))) for shade in range(4)]
    assert send(session, blank).state == "created"
    assert session_open_as("nobody").challenge == ["turn_left", "look_up"]


@pytest.mark.django_db(transaction=True)
def test_opening_many_at_once_asks_for_one_challenge(version):
    """Else whoever holds one film opens many at the same time, and answers the session that it fits."""
    asked = at_once(lambda _: tuple(session_open_as("nobody").challenge), range(20))
    assert len(set(asked)) == 1
    assert VerificationSession.objects.count() == 20


def test_an_unanswered_challenge_stands_for_an_hour(version):
    kept = open_session("nobody", actions=("turn_left", "look_up"), age=3500)
    assert session_open_as("nobody").challenge == kept.challenge
    VerificationSession.objects.update(created_at=timezone.now() - timedelta(seconds=3700))
    drawn = set()
    for _ in range(12):
        drawn.add(tuple(session_open_as("nobody").challenge))
        VerificationSession.objects.update(created_at=F("created_at") - timedelta(seconds=3700))
    assert len(drawn) > 1


def test_a_movement_that_the_site_no_longer_asks_for_is_not_asked_again(version, settings):
    open_session("nobody", actions=("turn_left", "blink"))
    settings.LIVENESS_ACTIONS = ["turn_left", "turn_right", "look_up"]
    assert "blink" not in session_open_as("nobody").challenge


def test_it_asks_everybody_for_a_random_turn_and_something_else(version):
    asked = {tuple(session_open_as(login).challenge) for login in (f"nobody{number}" for number in range(40))}
    assert len(asked) > 4
    assert all(challenge.TURNS & set(actions) for actions in asked)


def session_open_as(login: str) -> VerificationSession:
    return session_open(purpose="sign_in", browser_key="browser", source=None, login=login)


def test_it_asks_nothing_where_liveness_is_off(settings, version):
    settings.LIVENESS = "off"
    assert session_open_as("nobody").challenge == []


@needs_clip
@pytest.mark.parametrize("actions", [("turn_left", "turn_right"), ("look_up", "turn_left")])
def test_it_lets_in_who_does_what_was_asked(actor, film, actions):
    session = send(open_session(actions=actions), answer(film, actions))
    assert (session.state, session.reason) == ("succeeded", "")
    assert Attempt.objects.get().liveness == ""


@needs_clip
def test_it_refuses_another_order_like_a_face_that_does_not_match(actor, film):
    session = send(open_session(), answer(film, ("turn_right", "turn_left")))
    assert (session.state, session.reason) == ("failed", "no_match")
    attempt = Attempt.objects.get()
    assert (attempt.liveness, attempt.similarity) == ("wrong_actions", None)
    assert FailureCount.objects.get(pk=session.account_key).failures == 1


@needs_clip
def test_it_refuses_frames_that_came_before(actor, film):
    pictures = answer(film, ("turn_left", "turn_right"))
    assert send(open_session(), pictures).state == "succeeded"
    assert send(open_session(), pictures).reason == "no_match"
    assert Attempt.objects.latest("created_at").liveness == "replayed"


@needs_clip
def test_it_refuses_the_frames_of_an_earlier_session_300_times(actor, film, settings):
    """For the same challenge each time. What came before is known by its digest, before anything is decoded."""
    settings.FACE_QUEUE_LIMIT = 1000
    pictures = answer(film, ("turn_left", "turn_right"))
    assert send(open_session(), pictures).state == "succeeded"
    for number in range(300):
        FailureCount.objects.all().delete()  # else the fifth try would be the last
        Source.objects.all().delete()
        files = [SimpleUploadedFile("frame.jpg", picture) for picture in pictures]
        assert attempt_submit(open_session(), *files).liveness == "replayed", number


@needs_clip
def test_a_copy_that_was_encoded_anew_is_another_file(actor, film):
    """What the digest does not stop."""
    pictures = answer(film, ("turn_left", "turn_right"))
    assert send(open_session(), pictures).state == "succeeded"
    copies = [jpeg(Image.open(io.BytesIO(picture)), quality=90) for picture in pictures]
    assert send(open_session(), copies).state == "succeeded"


@needs_clip
def test_it_refuses_one_frame_of_an_earlier_session(actor, film):
    pictures = answer(film, ("turn_left", "turn_right"))
    SeenFrame.objects.all().delete()
    send(open_session(), pictures)
    fresh = answer(film[1:], ("turn_left", "turn_right"))
    assert send(open_session(), [pictures[0], *fresh[1:]]).reason == "no_match"


def test_new_frames_beside_one_that_came_before_are_known_from_then_on(version):
    blank = [jpeg(Image.new("RGB", (320, 240), (shade, 90, 90))) for shade in range(0, 140, 20)]
    first, others = blank[0], blank[4:]
    assert submit(open_session("ada"), blank[:4]).liveness == ""
    assert submit(open_session("bob"), [first, *others]).liveness == "replayed"
    fresh = jpeg(Image.new("RGB", (320, 240), (5, 90, 90)))
    assert submit(open_session("eve"), [fresh, *others]).liveness == "replayed"


@needs_clip
def test_it_refuses_what_nobody_does_so_fast(actor, film):
    session = send(open_session(age=0.1), answer(film, ("turn_left", "turn_right")))
    assert session.reason == "no_match"
    assert Attempt.objects.get().liveness == "too_fast"


@needs_clip
def test_it_refuses_a_stale_session_300_times(actor, film):
    pictures = answer(film, ("turn_left", "turn_right"))
    session = open_session()
    VerificationSession.objects.filter(pk=session.pk).update(expires_at=timezone.now())
    for _ in range(300):
        with pytest.raises(SessionClosed):
            send(session, pictures)
    assert session_get(session.pk, "browser").state == "expired"


def test_it_refuses_a_photograph_that_is_moved_about(version, portrait_embedding):
    enrolled_subject(version, portrait_embedding, username="ada")
    photograph = np.asarray(portrait())
    rng = np.random.default_rng(1)
    poses = ["rest", *[Action.TURN_LEFT] * 3, *[Action.TURN_RIGHT] * 3]
    views = [trials.encode_jpeg(trials.tilted(photograph, pose, rng)) for pose in poses]
    session = send(open_session("ada"), [jpeg(portrait()), *views])
    assert (session.state, session.reason) == ("failed", "no_match")


@needs_clip
@needs_lfw
def test_it_refuses_one_photograph_of_the_owner_and_a_strangers_badly_filmed_head(version, pipeline):
    photograph, *others = lfw("Fernando_Gonzalez", 8)
    found = (pipeline.extract(picture, gate=ENROLLMENT_GATE).embedding for picture in others)
    subject = SubjectFactory(user=UserFactory(username="fernando"))
    ConsentFactory(subject=subject)
    for anchor in [embedding for embedding in found if embedding is not None][:3]:
        accepted_sample(subject, version, anchor)
    moved = jpeg(Image.fromarray(decode(photograph)).rotate(1))
    pictures = list(trials.clip_pictures(STRANGER))
    turns = [jpeg(Image.fromarray(heads.blurred(decode(pictures[moment])))) for moment in (15, 25)]
    session = send(open_session("fernando"), [photograph, moved, *turns])
    assert (session.state, session.reason) == ("failed", "no_match")


@needs_clip
def test_it_refuses_a_head_that_turns_and_is_not_the_enrolled_one(version, film):
    """As with a picture between two people at the start, which resembles both."""
    actions = ["turn_left", "look_up"]
    pictures = answer(film, actions)
    face_of = dict(film)
    verdict = judge([face_of[picture] for picture in pictures], [Action(action) for action in actions])
    ahead, turned = max(verdict.neutral, key=lambda face: face.score).embedding, verdict.turned[0]
    turned = turned / np.linalg.norm(turned)
    anchor = ahead - 0.85 * (ahead @ turned) * turned
    enrolled_subject(version, anchor / np.linalg.norm(anchor), username="actor")
    session = send(open_session(actions=actions), pictures)
    assert (session.state, session.reason) == ("failed", "no_match")
    assert Attempt.objects.get().liveness == "several_people"


def test_it_asks_again_where_there_is_no_face(version):
    gray = [jpeg(portrait().point(lambda _, n=n: 100 + n)) for n in range(4)]
    session = send(open_session("nobody"), gray)
    assert (session.state, session.reason) == ("created", "no_face")


@pytest.mark.parametrize("count", [1, 3, 13])
def test_it_takes_four_to_twelve_frames(version, count):
    with pytest.raises(FramesRefused):
        send(open_session("nobody"), [jpeg(portrait())] * count)


def test_it_takes_no_large_frames(version):
    with pytest.raises(FramesRefused):
        send(open_session("nobody"), [jpeg(portrait().resize((800, 600)))] * 4)


def test_it_erases_the_frames_with_the_decision(version):
    send(open_session("nobody"), [jpeg(portrait(), quality=90 + n) for n in range(4)])
    assert bytes(Attempt.objects.get().sealed_probe) == b""
    assert SeenFrame.objects.count() == 4


def test_it_draws_every_order_with_a_turn():
    actions = list(challenge.Action)
    drawn = {tuple(challenge.draw(actions, 2, random.Random(seed))) for seed in range(600)}
    assert len(drawn) == 14
    assert all(challenge.TURNS & set(each) for each in drawn)


def test_it_asks_for_nothing_that_cannot_be_measured():
    assert set(challenge.Action) == set(Action)


@pytest.mark.parametrize(
    ("actions", "count"),
    [(["look_up"], 1), (["turn_left"], 1), (["turn_left"], 2), (["jump", "turn_left"], 2)],
)
def test_it_does_not_start_with_a_challenge_that_cannot_be_drawn(settings, actions, count):
    settings.LIVENESS_ACTIONS, settings.LIVENESS_ACTION_COUNT = actions, count
    assert [error.id for error in check_liveness()] == ["verification.E004"]


def test_it_does_not_start_with_an_unknown_setting(settings):
    settings.LIVENESS = "maybe"
    assert [error.id for error in check_liveness()] == ["verification.E003"]


@needs_clip
def test_an_app_that_answers_the_challenge_gets_a_token(film, actor):
    opened = app().post(SESSIONS, {"purpose": "sign_in", "login": "actor"}, content_type="application/json")
    address = f"{SESSIONS}/{opened.json()['id']}"
    VerificationSession.objects.update(
        challenge=["turn_left", "turn_right"], created_at=timezone.now() - timedelta(seconds=5)
    )
    pictures = answer(film, opened_actions(address))
    files = [SimpleUploadedFile("frame.jpg", picture) for picture in pictures]
    assert app().post(f"{address}/frames", {"image": files}).status_code == 202
    jobs.attempt_decide(Attempt.objects.get().pk)
    token = app().get(address).json()["session_token"]
    assert app(token=token).get("/api/v1/me").json()["username"] == "actor"


def opened_actions(address: str) -> list[str]:
    """What the session asks an app for."""
    return app().get(address).json()["challenge"]["actions"]
