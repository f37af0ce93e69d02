"""Draws the faces that the compare page offers to try it with: two people who never lived, twice each.

    python -m scripts.draw_sample_faces

Their shapes are formulas in `scripts/heads`; no picture of anybody went into them.
"""

from pathlib import Path

from PIL import Image

from scripts.heads.people import PICTURES
from scripts.heads.picture import draw

FOLDER = Path(__file__).resolve().parents[1] / "static" / "img" / "faces"
SIDE_PX = 480


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (head, view) in PICTURES.items():
        path = FOLDER / f"{name}.webp"
        Image.fromarray(draw(head, view, side=SIDE_PX)).save(path, quality=82, method=6)
        print(f"static/img/faces/{path.name}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
