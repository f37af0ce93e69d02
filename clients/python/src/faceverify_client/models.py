"""What staff do with versions of the recognition model."""

from collections.abc import Iterator
from typing import Any

from faceverify_client.answers import ModelVersion, Promotion, TrainingRun
from faceverify_client.pages import rows
from faceverify_client.parsing import build
from faceverify_client.transport import Transport, address


class Models:
    """Versions, and which one is in use."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[ModelVersion]:
        return rows(self._transport, "models", "models", ModelVersion)

    def read(self, version_id: int) -> ModelVersion:
        return build(ModelVersion, self._transport.get(address("models", version_id)))

    def activate(self, version_id: int, *, accept_looser_threshold: bool = False) -> Promotion:
        """Begins to take a version into use; `promotion` tells how far that is."""
        fields = {"accept_looser_threshold": accept_looser_threshold}
        return build(Promotion, self._transport.post(address("models", version_id, "activate"), json=fields))

    def roll_back(self, active: int) -> Promotion:
        """Leaves the version in use for the one before, at once."""
        return build(Promotion, self._transport.post("models/roll-back", json={"active": active}))

    def promotion(self, promotion_id: int) -> Promotion:
        return build(Promotion, self._transport.get(address("promotions", promotion_id)))

    def cancel_promotion(self, promotion_id: int) -> Promotion:
        return build(Promotion, self._transport.post(address("promotions", promotion_id, "cancel")))


class TrainingRuns:
    """Trainings: ask for one, watch it, call it off."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[TrainingRun]:
        return rows(self._transport, "training-runs", "training_runs", TrainingRun)

    def request(self, **fields: Any) -> TrainingRun:
        """Fields as in the API's document: `kind`, `network`, `start`, `epochs`, `uses_site`, `note`."""
        return build(TrainingRun, self._transport.post("training-runs", json=fields))

    def read(self, run_id: int) -> TrainingRun:
        return build(TrainingRun, self._transport.get(address("training-runs", run_id)))

    def cancel(self, run_id: int) -> TrainingRun:
        return build(TrainingRun, self._transport.post(address("training-runs", run_id, "cancel")))
