"""The face pipeline of a model version, loaded once a process and checked against the digest in the database."""

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from enrollment import metrics
from enrollment.errors import DomainError, ModelUnavailable, SealBroken
from enrollment.jobs.artifacts import artifact_folder
from enrollment.models import ModelVersion, Template
from enrollment.selectors import active_model_version
from ml.errors import ArtifactError
from ml.serving.artifacts import Artifact
from ml.serving.pipeline import FacePipeline

logger = logging.getLogger(__name__)


def pipeline_for(version: ModelVersion) -> FacePipeline:
    """The pipeline of this version. Raises ModelUnavailable when the artifact is missing or not the registered one."""
    return _load(str(artifact_folder(version)), version.digest)


def pipeline_aside(version: ModelVersion) -> FacePipeline:
    """The same for questions about any version, which must not push out those that sign-ins wait for."""
    if version.state == ModelVersion.State.ACTIVE:
        return pipeline_for(version)
    return _load_aside(str(artifact_folder(version)), version.digest)


@lru_cache(maxsize=2)  # the active version and its successor during a change
def _load(path: str, digest: str) -> FacePipeline:
    return _read(path, digest)


@lru_cache(maxsize=1)
def _load_aside(path: str, digest: str) -> FacePipeline:
    return _read(path, digest)


def _read(path: str, digest: str) -> FacePipeline:
    try:
        artifact = Artifact.load(Path(path))
    except ArtifactError as error:
        logger.error("model artifact refused: %s", error)
        raise ModelUnavailable from error
    if artifact.digest != digest:
        logger.error("model artifact refused: expected digest %s, got %s", digest, artifact.digest)
        raise ModelUnavailable
    return FacePipeline.load(artifact, threads=settings.FACE_THREADS, stage=metrics.stage)


def pipeline_warm_up() -> str:
    """Loads the active model and answers its digest, which was checked; empty when there is none that can be used.

    A worker without one still starts; each task then records why it could not decide.
    """
    try:
        version = active_model_version()
        pipeline_for(version).warm_up()
    except DomainError as error:
        logger.warning("no model to warm up: %s", error)
        return ""
    return version.digest


def embeddings_of(templates: list[Template]) -> np.ndarray:
    """Cached embeddings as a float32 array (k, d). Raises SealBroken on rows that were altered or do not fit."""
    vectors = [np.frombuffer(template.embedding, dtype="<f4") for template in templates]
    if len({vector.size for vector in vectors}) != 1:
        raise SealBroken
    return np.stack(vectors)
