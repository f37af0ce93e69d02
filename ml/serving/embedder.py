"""Aligned crops to embeddings, with LiteRT."""

import numpy as np

from ml.faces.framing import frame
from ml.litert import LiteModel
from ml.serving.artifacts import LITE_FILE, Artifact
from ml.siamese.comparators import Comparator, checked
from ml.types import Floats, Picture


class Embedder:
    """Runs an artifact's network.

    With `mirrored` artifacts the embedding is the mean of a face's and of its mirror image's, which are nearly but
    not quite equal: their noise partly cancels. Both go through the network as one batch.
    """

    def __init__(self, artifact: Artifact, *, threads: int = 1) -> None:
        """Read the network; `threads` is the number of CPU threads of one call."""
        self._spec = artifact.input_spec
        self._mirrored = artifact.mirrored
        self.comparator: Comparator = artifact.comparator
        self._model = LiteModel(
            artifact.read(LITE_FILE), batch_size=2 if artifact.mirrored else 1, threads=threads
        )

    def embed(self, crop: Picture) -> Floats:
        """Embed one aligned face.

        Args:
            crop: Uint8 (112, 112, 3) RGB; it is framed as the network expects.

        Returns:
            Float32 (d,), of length 1 if the comparator works on such, otherwise as the network gives it.

        Raises:
            ComparatorError: `invalid_embedding` if the network gave no finite vector.
        """
        face = frame(crop, self._spec)
        crops = np.stack([face, face[:, ::-1]]) if self._mirrored else face[None]
        (embeddings,) = self._model(self._spec.prepare(crops))
        return checked(embeddings.mean(axis=0), unit_length=self.comparator.unit_length)
