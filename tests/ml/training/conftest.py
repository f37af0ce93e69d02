"""Drawn people for the tests of training: each is a pattern of their own, each picture of them a variant of it."""

import cv2
import numpy as np
import pytest

from ml.faces.images import encode_jpeg
from ml.training.folder import FACE_PX, People


def draw_face(subject, picture):
    """A smooth pattern, RGB uint8 (128, 128, 3), shaded differently in each picture."""
    pattern = np.random.default_rng(subject).uniform(0, 255, (4, 4, 3))
    noise = np.random.default_rng([subject, picture]).normal(0, 70, (8, 8, 3))
    face = cv2.resize(pattern, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    return np.clip(face + cv2.resize(noise, (FACE_PX, FACE_PX)), 0, 255).astype(np.uint8)


def drawn_people(count, pictures=4, prefix="", first=0):
    names = tuple(f"{prefix}{first + number:04}" for number in range(count))
    files = tuple(f"{name}/{picture}.jpg" for name in names for picture in range(pictures))
    faces = [draw_face(first + n, picture) for n in range(count) for picture in range(pictures)]
    return People(names, files, np.stack(faces), np.repeat(np.arange(count), pictures).astype(np.int32))


@pytest.fixture(scope="session")
def people():
    """Six people of four pictures each."""
    return drawn_people(6)


@pytest.fixture(scope="session")
def two_sources():
    """Nine numbered people, and five of another source, three pictures each."""
    first, second = drawn_people(9, 3), drawn_people(5, 3, "f", 100)
    return People(
        first.names + second.names,
        first.files + second.files,
        np.concatenate([first.faces, second.faces]),
        np.concatenate([first.subjects, second.subjects + 9]),
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory, two_sources):
    """The people of two sources, as a folder."""
    root = tmp_path_factory.mktemp("people")
    for file, face in zip(two_sources.files, two_sources.faces, strict=True):
        path = root / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_jpeg(face))
    return root
