"""Triplets, and batches of several faces of several people for losses that choose their triplets themselves."""

import numpy as np

from ml.errors import DatasetError
from ml.training.folder import People, Rows
from ml.training.pairs import another_face, draw_company, draw_faces, draw_strangers


def draw_triplets(people: People, count: int, generator: np.random.Generator) -> Rows:
    """Draw anchor, positive and negative, int32 (count, 3) rows of `people.faces`; the negative of the same source."""
    subjects = draw_company(people, count, generator)
    anchors = draw_faces(people, subjects, generator)
    negatives = draw_faces(people, draw_strangers(people, subjects, generator), generator)
    return np.stack([anchors, another_face(people, anchors, generator), negatives], axis=1)


def draw_identity_batches(
    people: People, batches: int, generator: np.random.Generator, *, subjects: int, faces: int
) -> Rows:
    """Draw batches of P people with K faces each (Hermans, Beyer, Leibe, 2017, section 2).

    The people of a batch come from one source, each source as often as its number of people asks for.

    Args:
        people: Whom to draw from.
        batches: How many batches.
        generator: Source of chance.
        subjects: P; a source with fewer people is left out.
        faces: K; of who has fewer, some faces come twice.

    Returns:
        Int32 (batches, P * K), rows of `people.faces`, a person's adjacent.

    Raises:
        DatasetError: `dataset_too_small` if no source has P people.
    """
    sizes = np.bincount(people.sources)
    weights = np.where(sizes >= subjects, sizes, 0)
    if not weights.any():
        raise DatasetError(
            "dataset_too_small", f"expected {subjects} people of one source, found {sizes.max()}"
        )
    chosen = generator.choice(len(sizes), size=batches, p=weights / weights.sum())
    return np.stack([_identity_batch(people, source, generator, subjects, faces) for source in chosen])


def _identity_batch(
    people: People, source: int, generator: np.random.Generator, subjects: int, faces: int
) -> Rows:
    drawn = generator.choice(np.flatnonzero(people.sources == source), subjects, replace=False)
    starts, sizes = people.starts[drawn], people.sizes[drawn]
    # Each person's faces in an order of chance, and from the beginning again when they run out.
    orders = [np.resize(generator.permutation(size), faces) for size in sizes]
    return np.concatenate([start + order for start, order in zip(starts, orders, strict=True)]).astype(
        np.int32
    )
