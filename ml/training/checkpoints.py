"""The state of a training on disk. A file is replaced in one step, so that a kill at any moment leaves a whole one."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.errors import TrainingError
from ml.training.history import History

_LATEST, _BEST = "checkpoint.npz", "best.npz"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where one training keeps its state.

    Attributes:
        folder: Holds the files.
        setting: What the training is: data, network, loss, options. A checkpoint of another setting is refused.
    """

    folder: Path
    setting: dict[str, Any]

    @property
    def begun(self) -> bool:
        """Whether an epoch was saved."""
        return (self.folder / _LATEST).exists()

    def save(self, variables: Sequence[keras.Variable], history: History) -> None:
        """Write the state after an epoch: every number that the next epoch depends on."""
        self._write(_LATEST, variables, history)

    def save_best(self, variables: Sequence[keras.Variable], history: History) -> None:
        """Write the weights of the best epoch so far."""
        self._write(_BEST, variables, history)

    def restore(self, variables: Sequence[keras.Variable]) -> History:
        """Set variables to the state after the last whole epoch, and return what led to it.

        Raises:
            TrainingError: `checkpoint_missing` or `checkpoint_incompatible`.
        """
        return self._read(_LATEST, variables)

    def restore_best(self, variables: Sequence[keras.Variable]) -> None:
        """Set variables to the best epoch's weights.

        Raises:
            TrainingError: `checkpoint_missing` or `checkpoint_incompatible`.
        """
        self._read(_BEST, variables)

    def _write(self, name: str, variables: Sequence[keras.Variable], history: History) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.partial"
        facts = json.dumps({"setting": self.setting, "history": history.to_json()})
        numbers = {f"variable_{index}": variable.numpy() for index, variable in enumerate(variables)}
        with partial.open("wb") as file:
            np.savez(file, facts=np.array(facts), **numbers)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)

    def _read(self, name: str, variables: Sequence[keras.Variable]) -> History:
        path = self.folder / name
        try:
            with np.load(path, allow_pickle=False) as content:
                facts = json.loads(content["facts"].item())
                numbers = [content[f"variable_{index}"] for index in range(len(content.files) - 1)]
        except FileNotFoundError as error:
            raise TrainingError("checkpoint_missing", f"expected the file {path}, found none") from error
        except (OSError, ValueError, KeyError) as error:
            raise TrainingError(
                "checkpoint_incompatible", f"expected a checkpoint in {path}: {error}"
            ) from error
        self._check(path, facts["setting"], [array.shape for array in numbers], variables)
        for variable, array in zip(variables, numbers, strict=True):
            variable.assign(array)
        return History.from_json(facts["history"])

    def _check(
        self, path: Path, setting: dict[str, Any], shapes: list[Any], variables: Sequence[keras.Variable]
    ) -> None:
        for key in setting.keys() | self.setting.keys():
            if setting.get(key) != self.setting.get(key):
                raise TrainingError(
                    "checkpoint_incompatible",
                    f"expected {key} {self.setting.get(key)} in {path}, got {setting.get(key)}",
                )
        expected = [tuple(variable.shape) for variable in variables]
        if shapes != expected:
            raise TrainingError("checkpoint_incompatible", f"expected {path} to fit the network's weights")
