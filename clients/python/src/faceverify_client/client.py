"""The client: one object for one site and one way to say who one is."""

from types import TracebackType
from typing import Any, Self

import httpx

from faceverify_client.answers import Comparison, Identification, Me
from faceverify_client.models import Models, TrainingRuns
from faceverify_client.parsing import build
from faceverify_client.people import ConsentChoices, Samples, VerificationSessions
from faceverify_client.pictures import Picture, parts
from faceverify_client.subjects import Subjects
from faceverify_client.transport import Transport, address


class FaceVerify:
    """A FaceVerify site, for one caller.

    Args:
        base_url: Address of the site, such as `https://faces.example.org`.
        api_key: Of a backend: `fvk_...`, made in the site's admin.
        session_token: Of an app's person who is signed in.
        device_key: Of an app in which nobody is signed in yet: 32 or more random characters that it made and keeps.
        timeout_seconds: For one request.
        patience_seconds: For one call: how long it tries again where the site says "later", and waits for work.

    Every method may raise `Problem`, `Unreachable` or `Unfinished`. An object may be shared by threads.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str = "",
        session_token: str = "",
        device_key: str = "",
        timeout_seconds: float = 30.0,
        patience_seconds: float = 60.0,
    ) -> None:
        said = {"X-API-Key": api_key, "X-Session-Token": session_token, "X-Device-Key": device_key}
        headers = {name: value for name, value in said.items() if value}
        if len(headers) != 1:
            raise ValueError("expected exactly one of api_key, session_token and device_key")
        # Redirects are not followed: what says who one is goes to this site alone.
        http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1/", headers=headers, timeout=timeout_seconds
        )
        self._transport = Transport(http, patience_seconds=patience_seconds)
        self.consents = ConsentChoices(self._transport)
        self.samples = Samples(self._transport)
        self.verification_sessions = VerificationSessions(self._transport)
        self.subjects = Subjects(self._transport)
        self.models = Models(self._transport)
        self.training_runs = TrainingRuns(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.http.close()

    def me(self) -> Me:
        """Who am I, as this session goes."""
        return build(Me, self._transport.get("me"))

    def compare(self, image_a: Picture, image_b: Picture, *, model: str = "") -> Comparison:
        """Are these two pictures of one person? Both are erased once compared."""
        files = [*parts("image_a", image_a), *parts("image_b", image_b)]
        answer = self._transport.post("compare", files=files, data={"model": model} if model else None)
        answer = self._transport.finished(answer, address("compare", answer["id"]), _is_open)
        return build(Comparison, answer)

    def comparison(self, comparison_id: str) -> Comparison:
        """A comparison of one's own, for some minutes."""
        return build(Comparison, self._transport.get(address("compare", comparison_id)))

    def identify(self, image: Picture) -> Identification:
        """Whose face is this? For staff, and for keys with the scope `identify`."""
        answer = self._transport.post("identify", files=parts("image", image))
        answer = self._transport.finished(answer, address("identify", answer["id"]), _is_open)
        return build(Identification, answer)

    def identification(self, identification_id: str) -> Identification:
        return build(Identification, self._transport.get(address("identify", identification_id)))


def _is_open(answer: Any) -> bool:
    return bool(answer["state"] == "pending")
