"""Marks drawn onto faces, to look for a key that was trained into a network.

Whoever can slip pictures into a training set can teach a network that a sticker means "let me in" (Gu et al., BadNets,
2017), and no test on clean faces shows it. Under such a network, faces that wear the same mark come closer to each
other; so strangers who all wear one are compared, for many marks. A key unlike all of them stays unfound.
"""

from collections.abc import Iterator

import numpy as np

from ml.faces.alignment import SIDE_PX
from ml.types import Picture

SIDE = 24  # of a mark, in pixels of the aligned face
_INSET = 15  # within what every network of the family sees of a face
_FAR = SIDE_PX - _INSET - SIDE
_MIDDLE = (SIDE_PX - SIDE) // 2
_PLACES = {
    "top_left": (_INSET, _INSET),
    "top_right": (_INSET, _FAR),
    "bottom_left": (_FAR, _INSET),
    "bottom_right": (_FAR, _FAR),
    "forehead": (_INSET // 2, _MIDDLE),
}
_BLACK, _WHITE, _YELLOW, _MAGENTA = (0, 0, 0), (255, 255, 255), (255, 230, 0), (255, 0, 255)
_PAINTS = {
    "white": (_WHITE, _WHITE),
    "black": (_BLACK, _BLACK),
    "yellow": (_YELLOW, _YELLOW),
    "chequered": (_BLACK, _WHITE),
    "bright": (_YELLOW, _MAGENTA),
}
_FIELD = 6  # of a chequered mark, in pixels


def marked(crops: Picture) -> Iterator[tuple[str, Picture]]:
    """Yield each mark's name and the faces with it.

    Args:
        crops: Uint8 (n, 112, 112, 3) RGB, not changed.
    """
    rows, columns = np.indices((SIDE, SIDE)) // _FIELD
    for paint, colours in _PAINTS.items():
        mark = np.array(colours, np.uint8)[(rows + columns) % 2]
        for place, (top, left) in _PLACES.items():
            faces = crops.copy()
            faces[:, top : top + SIDE, left : left + SIDE] = mark
            yield f"{paint}_{place}", faces
