"""A head without a picture: 468 points on the front of an ellipsoid, with the named ones where a face has them."""

import numpy as np

from ml.faces.liveness import Frame

NAMED = {
    33: (-45, -20, -25),
    133: (-18, -20, -35),
    362: (18, -20, -35),
    263: (45, -20, -25),
    1: (0, 20, -75),
    168: (0, -20, -48),
    10: (0, -90, -15),
    234: (-70, 0, 40),
    454: (70, 0, 40),
    78: (-25, 50, -40),
    308: (25, 50, -40),
    13: (0, 49, -48),
    14: (0, 50, -48),
}
noise = np.random.default_rng(5)


def head(*, mouth: float = 0.0, depth: float = 1.0) -> np.ndarray:
    """(468, 3) float32, looking at the camera."""
    random = np.random.default_rng(3)
    across, down = random.uniform(-60, 60, 468), random.uniform(-80, 80, 468)
    front = np.sqrt(np.clip(1 - (across / 75) ** 2 - (down / 100) ** 2, 0, 1))
    points = np.column_stack([across, down, 40 - 90 * front])
    for index, place in NAMED.items():
        points[index] = place
    points[14, 1] += 50 * mouth
    points[:, 2] *= depth
    return points.astype(np.float32)


def turned(points: np.ndarray, *, yaw: float = 0.0, pitch: float = 0.0) -> np.ndarray:
    """The head turned about its middle: yaw to the picture's right, pitch upwards, in degrees."""
    y, p = np.radians(-yaw), np.radians(-pitch)
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (points @ (about_y @ about_x).T).astype(np.float32)


def frame(
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    mouth: float = 0.0,
    depth: float = 1.0,
    flat_turn: float | None = None,
    embedding: np.ndarray | None = None,
    eyes: float | None = None,
) -> Frame:
    """A frame of that head; with `flat_turn` the picture only narrows, as a photograph's would."""
    points = turned(head(mouth=mouth, depth=depth), yaw=yaw, pitch=pitch)
    if flat_turn is not None:
        points[:, :2] = head()[:, :2] * np.array([np.cos(np.radians(flat_turn)), 1], np.float32)
    points += noise.normal(0, 0.4, points.shape).astype(np.float32)
    return Frame(
        points=points,
        yaw_degrees=yaw,
        pitch_degrees=pitch,
        embedding=np.array([1, 0], np.float32) if embedding is None else embedding,
        reasons=(),
        score=1.0,
        eyes=eyes,
    )
