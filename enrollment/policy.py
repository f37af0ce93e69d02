"""Rules of enrollment, pure: no database, no network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AnchorStatus:
    """How far a person's enrollment is."""

    accepted: int
    pending: int
    minimum: int
    maximum: int

    @property
    def usable(self) -> bool:
        """Whether the face can be signed in with."""
        return self.accepted >= self.minimum

    @property
    def remaining(self) -> int:
        """Anchors still needed before the face is usable."""
        return max(0, self.minimum - self.accepted)

    @property
    def full(self) -> bool:
        return self.accepted + self.pending >= self.maximum
