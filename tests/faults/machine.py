"""People enroll, verify, leave and come back while models are calibrated, promoted and rolled back, in any order.

Hypothesis draws the order. Each step is a request to the running site, or work for its workers; after each one the
database is asked whether anything is lost, doubled, or open to the wrong face. A rule that does not apply just then
does nothing, and is no step.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from tests.faults import sql
from tests.faults.people import COMERS, FREE_FAILURES, MOST, USABLE, Broken, Person, face
from tests.faults.world import World

A_ROUND, EXAMPLES = 200, 4  # steps of an example, examples of a seed
ANY = st.integers(0, 999)
RARELY, SELDOM, NOW_AND_THEN = 500, 150, 30  # steps between two of a kind
Thing = TypeVar("Thing")


def step(**drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule that keeps what went wrong, and after which nothing more is done."""

    def made(body: Callable[..., None]) -> Callable[..., None]:
        @wraps(body)
        def guarded(self: "SiteMachine", **values: object) -> None:
            if self.world.error is None and self.world.steps < self.world.wanted:
                began = time.monotonic()
                with self.world.watched():
                    body(self, **values)
                self.world.seconds[body.__name__] += time.monotonic() - began

        wrapped: Callable[..., None] = rule(**drawn)(guarded)  # type: ignore[call-overload]
        return wrapped

    return made


class SiteMachine(RuleBasedStateMachine):
    """One round: people come to a site that has residents, and are gone at its end."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.comers: list[Person] = []
        self._did = ""

    @step(training=st.booleans())
    def come(self, training: bool) -> None:
        free = sorted(set(COMERS) - {person.name for person in self.comers})
        if free:
            self._do("come")
            person = self.world.backend.add(free[0], training=training)
            self.comers.append(person)
            self.world.backend.give(person, *(face(person.name, number) for number in range(USABLE)))

    @step(who=ANY, number=ANY, count=st.integers(1, 2), wait=st.booleans())
    def enroll(self, who: int, number: int, count: int, wait: bool) -> None:
        if person := self._one_of(self.comers, who):
            self._do("enroll")
            full = len(self._kept(person)) >= MOST and person.is_settled
            pictures = [face(person.name, number + more) for more in range(count)]
            taken = [one for one in self.world.backend.give(person, *pictures, wait=wait) if one["id"]]
            self._demand(not (full and taken), "a picture too many was taken")

    @step(who=ANY, which=ANY)
    def enroll_twice(self, who: int, which: int) -> None:
        """The very same file again."""
        person = self._one_of(self.comers, who)
        if person and (known := self._one_of(person.accepted, which)) and person.is_settled:
            self._do("enroll_twice")
            (outcome,) = self.world.backend.give(person, person.files[known])
            self._demand(outcome["id"] is None, "the same picture was taken twice")

    @step(who=ANY, whose=ANY, number=ANY)
    def enroll_somebody_else(self, who: int, whose: int, number: int) -> None:
        person = self._one_of(self.comers, who)
        if person and person.accepted and person.is_settled:
            self._do("enroll_somebody_else")
            other = self._one_of(self.world.residents, whose)
            outcomes = self.world.backend.give(person, face(other.name, number)) if other else []
            accepted = any(one["state"] == "accepted" for one in outcomes)
            self._demand(not accepted, f"somebody else became an anchor of {person.name}")

    @step(who=ANY, which=ANY)
    def take_back(self, who: int, which: int) -> None:
        person = self._one_of(self.comers, who)
        if person and (sample := self._one_of(list(person.samples), which)):
            self._do("take_back")
            self.world.backend.take_back(person, sample).raise_for_status()

    @step(who=ANY, training=st.booleans())
    def change_consent(self, who: int, training: bool) -> None:
        if person := self._one_of(self.comers, who):
            self._do("change_consent")
            self.world.backend.agree(person, training=training)

    @step(who=ANY)
    def leave(self, who: int) -> None:
        """Seldom while few are there, or nobody would stay."""
        if len(self.comers) > 2 and (person := self._one_of(self.comers, who)):
            self._do("leave")
            self._gone(person)

    @step(who=ANY, which=ANY)
    def leave_while_verified(self, who: int, which: int) -> None:
        """Erasing and comparing race; whichever comes first, nothing stays behind."""
        if len(self.comers) > 2 and (person := self._one_of(self.comers, who)):
            self._do("leave_while_verified")
            jobs: list[Callable[[], object]] = [
                lambda: self.world.backend.verify(person, face(person.name, which), wait=False),
                lambda: self._gone(person),
            ]
            self._at_once(jobs)

    @step(who=ANY, which=ANY)
    def take_back_while_verified(self, who: int, which: int) -> None:
        person = self._one_of(self.comers, who)
        if person and (sample := self._one_of(list(person.samples), which)):
            self._do("take_back_while_verified")
            jobs: list[Callable[[], object]] = [
                lambda: self.world.backend.verify(person, face(person.name, which)),
                lambda: self.world.backend.take_back(person, sample),
            ]
            self._at_once(jobs)

    @step(who=ANY, number=ANY)
    def verify(self, who: int, number: int) -> None:
        self._verify(self._one_of(self._everybody, who), number, wait=True)

    @step(who=ANY, number=ANY)
    def verify_a_comer(self, who: int, number: int) -> None:
        self._verify(self._one_of(self.comers, who), number, wait=True)

    @step(who=ANY, number=ANY)
    def verify_and_go(self, who: int, number: int) -> None:
        """Without waiting for the answer."""
        self._verify(self._one_of(self._everybody, who), number, wait=False)

    @step(who=ANY, whose=ANY, number=ANY)
    def verify_somebody_else(self, who: int, whose: int, number: int) -> None:
        person, other = self._one_of(self._everybody, who), self._one_of(self._everybody, whose)
        if person and other and person is not other:
            self._do("verify_somebody_else")
            outcome = self.world.backend.verify(person, face(other.name, number), stranger=True)
            self._check(person, outcome)
            self.world.outcomes[f"stranger: {outcome}"] += 1

    @step(who=ANY, whose=ANY)
    def try_many_at_once(self, who: int, whose: int) -> None:
        """Parallel tries do not slip past the limit."""
        person, other = self._one_of(self._everybody, who), self._one_of(self._everybody, whose)
        if person and other and person is not other and self.world.seldom("burst", NOW_AND_THEN):
            self._do("try_many_at_once")
            before = person.failures + len(person.open_tries)
            pictures = [face(other.name, number) for number in range(8)]
            self._at_once(
                [partial(self.world.backend.verify, person, one, stranger=True) for one in pictures]
            )
            most = max(before + 1, FREE_FAILURES)
            self._demand(person.failures <= most, f"{person.failures} failures of {person.name}")

    @step()
    def unlock(self) -> None:
        """Staff lift every lock."""
        from verification.models import FailureCount
        from verification.services.failures import failure_count_reset

        locked = [person for person in self._everybody if person.failures and not person.open_tries]
        if locked:
            self._do("unlock")
        for person in locked:
            if count := FailureCount.objects.filter(pk=person.key).first():
                failure_count_reset(count)
            person.failures = 0

    @step()
    def train(self) -> None:
        """Sets thresholds anew, on people of the site too; workers go on with it beside the next steps."""
        from enrollment.errors import TrainingRefused
        from enrollment.services import training_run_request

        if self.world.seldom("train", SELDOM):
            self._do("train")
            try:
                training_run_request(actor=None, kind="calibrate_only")
            except TrainingRefused as error:
                self._demand(error.code == "training_open", error.code)

    @step()
    def cancel_training(self) -> None:
        from enrollment.errors import IllegalTransition
        from enrollment.selectors import open_training_run
        from enrollment.services import training_run_cancel

        run = open_training_run()
        if run is not None and self.world.seldom("cancel", 2 * RARELY):
            self._do("cancel_training")
            try:
                training_run_cancel(run, actor=None)
            except IllegalTransition:
                self.world.outcomes["run over before it was cancelled"] += 1

    @step(which=ANY)
    def promote(self, which: int) -> None:
        from enrollment.errors import PromotionRefused
        from enrollment.models import ModelVersion
        from enrollment.services import model_version_promote

        ready = ModelVersion.objects.filter(state__in=["candidate", "retired"], network="mobilefacenet")
        version = self._one_of(list(ready.order_by("-pk")[:3]), which)
        if version and self.world.seldom("promote", NOW_AND_THEN):
            self._do("promote")
            try:
                model_version_promote(version, actor=None, accepts_looser=True)
            except PromotionRefused as error:
                self.world.outcomes[f"promotion refused: {error.code}"] += 1

    @step()
    def roll_back(self) -> None:
        from enrollment.errors import PromotionRefused
        from enrollment.selectors import active_model_version
        from enrollment.services import model_version_roll_back

        if self.world.seldom("roll_back", 2 * NOW_AND_THEN):
            self._do("roll_back")
            try:
                model_version_roll_back(active_model_version(), actor=None)
            except PromotionRefused as error:
                self.world.outcomes[f"roll-back refused: {error.code}"] += 1

    @step()
    def prune(self) -> None:
        from enrollment.tasks import templates_prune

        if self.world.seldom("prune", NOW_AND_THEN):
            self._do("prune")
            templates_prune.delay()

    @step()
    def kill_worker(self) -> None:
        if self.world.seldom("kill", RARELY):
            self._do("kill_worker")
            self.world.kill_worker_child()

    @step()
    def rest(self) -> None:
        if self.world.seldom("rest", NOW_AND_THEN // 2):
            self._do("rest")
            self._settle()

    @invariant()
    def holds(self) -> None:
        if not self._did or self.world.error:
            return
        self._did = ""
        self.world.steps += 1
        with self.world.watched():
            if broken := sql.broken(sql.ALWAYS):
                raise Broken(str(broken))
            self._compare_ledger()

    def teardown(self) -> None:
        if self.world.error:
            return
        with self.world.watched():
            for person in list(self.comers):
                self._gone(person)
            self._settle()
            self._compare_ledger()

    @property
    def _everybody(self) -> list[Person]:
        return [*self.world.residents, *self.comers]

    def _one_of(self, some: list[Thing], number: int) -> Thing | None:
        return some[number % len(some)] if some else None

    def _do(self, what: str) -> None:
        self._did = what
        self.world.trace.append(what)
        self.world.outcomes[what] += 1

    @staticmethod
    def _demand(holds: bool, otherwise: str) -> None:
        if not holds:
            raise Broken(otherwise)

    @staticmethod
    def _kept(person: Person) -> list[str]:
        return [sample for sample, state in person.samples.items() if state != "rejected"]

    @staticmethod
    def _at_once(jobs: list[Callable[[], object]]) -> None:
        with ThreadPoolExecutor(len(jobs)) as pool:
            for done in [pool.submit(job) for job in jobs]:
                if done.result() == "server_error":
                    raise Broken("an error that nobody foresaw")

    def _verify(self, person: Person | None, number: int, *, wait: bool) -> None:
        if person:
            self._do("verify" if wait else "verify_and_go")
            outcome = self.world.backend.verify(person, face(person.name, number), wait=wait)
            self._check(person, outcome)
            self.world.outcomes[f"rightful: {outcome}"] += 1

    def _check(self, person: Person, outcome: str) -> None:
        """Whether this answer may be given just now."""
        usable = len(person.accepted) >= USABLE or not person.is_settled
        compared = outcome in ("matched", "no match", "void", "pending")
        self._demand(usable or outcome == "face_not_ready", f"{outcome} with {len(person.accepted)} anchors")
        if outcome == "face_not_ready":
            self._demand(len(person.accepted) < USABLE, "a usable face was not found")
        elif outcome == "too_many_attempts":
            self._demand(person.may_be_locked, f"locked after {person.failures} failures")
        else:
            self._demand(compared, outcome)

    def _gone(self, person: Person) -> None:
        self.comers.remove(person)
        self.world.backend.erase(person).raise_for_status()

    def _settle(self) -> None:
        self.world.rest()
        for person in self._everybody:
            self.world.backend.look_again(person)

    def _compare_ledger(self) -> None:
        """What the site has of everybody is what it promised them; of those who left it has nothing."""
        from enrollment.models import Sample
        from verification.models import FailureCount, VerificationSession

        people = {person.primary_key: person for person in self._everybody}
        found: dict[int, set[str]] = {pk: set() for pk in people}
        kept = Sample.objects.filter(subject__user=None)
        for pk, sample in kept.values_list("subject_id", "pk"):
            self._demand(pk in found, "a picture of somebody who left is still there")
            found[pk].add(str(sample))
        for pk, person in people.items():
            self._demand(found[pk] == set(person.samples), f"{person.name}: pictures lost or doubled")
        counts = dict(
            FailureCount.objects.filter(pk__in=[one.key for one in people.values()]).values_list(
                "pk", "failures"
            )
        )
        for person in people.values():
            counted = counts.get(person.key, 0)
            right = counted == person.failures if person.is_settled else counted >= person.failures
            self._demand(right, f"{person.name}: {person.failures} failures, {counted} counted")
        strangers = [session for person in people.values() for session in person.strangers]
        won = VerificationSession.objects.filter(pk__in=strangers, state="succeeded")
        self._demand(not won.exists(), "a stranger's session succeeded")


def run(world: World, first_seed: int = 0) -> None:
    """Takes so many steps as the world wants, unless one shows an error, which the world keeps."""
    SiteMachine.world = world
    quiet = settings(
        max_examples=EXAMPLES,
        stateful_step_count=A_ROUND,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    number = first_seed
    while world.steps < world.wanted and world.error is None:
        run_state_machine_as_test(seed(number)(SiteMachine), settings=quiet)
        number += 1
    if world.error is None:
        with world.watched():
            world.rest(training_too=True)
