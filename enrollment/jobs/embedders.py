"""Embeddings of stored crops, for versions whose whole pipeline is not needed."""

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np

from enrollment.errors import DomainError, ModelUnavailable
from enrollment.jobs.artifacts import artifact_folder
from enrollment.models import ModelVersion, Sample, Template
from ml.errors import ArtifactError, MLError
from ml.serving.artifacts import Artifact
from ml.serving.embedder import Embedder
from ml.types import Floats, Picture

logger = logging.getLogger(__name__)


def embedder_for(version: ModelVersion) -> Embedder:
    """What embeds under this version. Raises ModelUnavailable when the artifact is missing or another one."""
    return _load(str(artifact_folder(version)), version.digest)


@lru_cache(maxsize=3)  # active, coming, earlier
def _load(path: str, digest: str) -> Embedder:
    try:
        artifact = Artifact.load(Path(path))
    except ArtifactError as error:
        raise ModelUnavailable from error
    if artifact.digest != digest:
        raise ModelUnavailable
    return Embedder(artifact)


def template_of(sample: Sample, version: ModelVersion, embedding: Floats) -> Template:
    """The row, not yet saved."""
    template = Template(sample=sample, model_version=version, quality=sample.quality.get("score", 0.0))
    template.embedding = np.ascontiguousarray(embedding, dtype="<f4").tobytes()
    return template


def templates_beside(sample: Sample, crop: Picture, versions: list[ModelVersion]) -> list[Template]:
    """Templates of a new anchor under further versions.

    One whose model fails is left out and logged: nobody's enrollment depends on it, and no switch is made to a version
    that lacks a template.
    """
    found = []
    for version in versions:
        try:
            found.append(template_of(sample, version, embedder_for(version).embed(crop)))
        except (DomainError, MLError) as error:
            logger.error("no template of %s for sample %s: %s", version, sample.pk, error.code)
    return found
