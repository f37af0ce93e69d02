"""What an app does for the person who is signed in, or who wants to be."""

from collections.abc import Iterator
from typing import Any

from faceverify_client.answers import Consents, Enrollment, Sample, SignIn, VerificationSession
from faceverify_client.enrolling import enroll, only
from faceverify_client.pages import rows
from faceverify_client.parsing import build
from faceverify_client.pictures import Picture, parts
from faceverify_client.transport import Transport, address


class Samples:
    """The person's own pictures."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add(self, *images: Picture) -> Enrollment:
        """Sends pictures, at most 11 MB in all, and waits until each is accepted or rejected."""
        return enroll(self._transport, "samples", images, counted_at="samples")

    def list(self) -> Iterator[Sample]:
        return rows(self._transport, "samples", "samples", Sample)

    def read(self, sample_id: str) -> Sample:
        return build(Sample, only(self._transport.get(address("samples", sample_id))))

    def delete(self, sample_id: str) -> None:
        """Erases the picture and what was computed from it."""
        self._transport.delete(address("samples", sample_id))


class VerificationSessions:
    """Is this the person? Open a session, send frames, read the verdict."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(self, purpose: str, *, login: str = "") -> VerificationSession:
        """For `sign_in` (with `login`), `step_up` or `verify`."""
        fields = {"purpose": purpose} | ({"login": login} if login else {})
        return build(VerificationSession, self._transport.post("verification-sessions", json=fields))

    def verify(self, picture: Picture) -> VerificationSession:
        """Whether the signed-in person is recognised: what `open` for `verify`, and `submit`, do in one request."""
        fields, files = {"purpose": "verify"}, parts("image", picture)
        return self._finished(self._transport.post("verification-sessions", data=fields, files=files))

    def read(self, session_id: str) -> VerificationSession:
        return build(VerificationSession, self._transport.get(address("verification-sessions", session_id)))

    def submit(self, session_id: str, *frames: Picture) -> VerificationSession:
        """Sends one picture, or the frames that answer the challenge, and waits for the verdict."""
        path = address("verification-sessions", session_id)
        return self._finished(self._transport.post(f"{path}/frames", files=parts("image", *frames)))

    def _finished(self, answer: dict[str, Any]) -> VerificationSession:
        path = address("verification-sessions", answer["id"])
        told = self._transport.finished(answer, path, lambda told: told["state"] == "in_progress")
        return build(VerificationSession, told)

    def send_code(self) -> None:
        """Has a code mailed in place of the face, where a sign-in by password waits for one."""
        self._transport.post("sign-in-code", json={})

    def check_code(self, code: str) -> SignIn:
        """Signs in by the code of that mail."""
        return build(SignIn, self._transport.post("sign-in-code", json={"code": code}))


class ConsentChoices:
    """What the person agreed to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self) -> Consents:
        return build(Consents, self._transport.get("me/consents"))

    def replace(self, *, sign_in: bool, training: bool = False) -> Consents:
        """Agrees, or takes it back; without `sign_in` the face is erased."""
        fields = {"sign_in": sign_in, "training": training}
        return build(Consents, self._transport.put("me/consents", json=fields))
