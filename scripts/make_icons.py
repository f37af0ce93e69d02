"""Draws the icons of the installable site from its mark, `static/img/icon.svg`.

    python -m scripts.make_icons

The mark is a rounded square, an oval and a tick, in units of a 32 x 32 box; nothing else of SVG is read.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw

STATIC = Path(__file__).resolve().parents[1] / "static"
MARK = STATIC / "img" / "icon.svg"
BOX = 32
FINER = 8  # drawn larger, then scaled down: the edges come out smooth
# name: (side in pixels, whether the square's corners are round)
ICONS = {
    "icon-192.png": (192, True),
    "icon-512.png": (512, True),
    # Launchers cut these into a shape of their own; the oval lies within the safe circle of 80 %.
    "maskable-512.png": (512, False),
    "touch-180.png": (180, False),
}
SVG = "{http://www.w3.org/2000/svg}"


def main() -> None:
    mark = ElementTree.parse(MARK).getroot()  # noqa: S314 - our own file
    (STATIC / "icons").mkdir(exist_ok=True)
    for name, (side_px, is_round) in ICONS.items():
        draw_icon(mark, side_px, is_round=is_round).save(STATIC / "icons" / name, optimize=True)
        print(f"static/icons/{name}")


def draw_icon(mark: ElementTree.Element, side_px: int, *, is_round: bool) -> Image.Image:
    """One icon, RGBA, `side_px` pixels wide and high."""
    unit = side_px * FINER / BOX
    icon = Image.new("RGBA", (side_px * FINER, side_px * FINER))
    draw = ImageDraw.Draw(icon)
    square, oval, tick = (_first(mark, name) for name in ("rect", "ellipse", "path"))
    radius = float(square.attrib["rx"]) * unit if is_round else 0
    draw.rounded_rectangle((0, 0, icon.width - 1, icon.height - 1), radius, fill=square.attrib["fill"])
    x, y, rx, ry, width = (
        float(oval.attrib[name]) * unit for name in ("cx", "cy", "rx", "ry", "stroke-width")
    )
    half = width / 2
    draw.ellipse(
        (x - rx - half, y - ry - half, x + rx + half, y + ry + half),
        outline=oval.attrib["stroke"],
        width=round(width),
    )
    _draw_tick(draw, tick, unit)
    return icon.resize((side_px, side_px), Image.Resampling.LANCZOS)


def _draw_tick(draw: ImageDraw.ImageDraw, tick: ElementTree.Element, unit: float) -> None:
    """A line of relative moves, with round ends and corners."""
    numbers = [float(number) * unit for number in re.findall(r"-?[\d.]+", tick.attrib["d"])]
    points = [(numbers[0], numbers[1])]
    for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    colour, width = tick.attrib["stroke"], float(tick.attrib["stroke-width"]) * unit
    draw.line(points, fill=colour, width=round(width))
    for point in points:
        draw.circle(point, width / 2, fill=colour)


def _first(mark: ElementTree.Element, name: str) -> ElementTree.Element:
    found = mark.find(SVG + name)
    if found is None:
        raise ValueError(f"expected a <{name}> in {MARK.name}")
    return found


if __name__ == "__main__":
    main()
