"""How a training went."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass.

    Attributes:
        train_loss: Mean over the steps, of varied faces, while they were learned.
        validation_loss: Mean over faces, as they are, of people who are never learned from.
        seconds: How long it took.
    """

    train_loss: float
    validation_loss: float
    seconds: float


@dataclass(slots=True)
class History:
    """All passes so far.

    Attributes:
        epochs: In order.
        test_loss: Loss of the best network on people that neither learning nor stopping has seen; None until then.
    """

    epochs: list[Epoch] = field(default_factory=list)
    test_loss: float | None = None

    @property
    def best(self) -> int:
        """The epoch, counted from 0, with the lowest validation loss; the first of equal ones; -1 before any."""
        losses = [epoch.validation_loss for epoch in self.epochs]
        return losses.index(min(losses)) if losses else -1

    def stalled(self, patience: int) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        return len(self.epochs) - 1 - self.best >= patience > 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values, with the best epoch among them."""
        return {**asdict(self), "best": self.best}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "History":
        """Read what `to_json` wrote."""
        return cls([Epoch(**epoch) for epoch in content["epochs"]], content["test_loss"])
