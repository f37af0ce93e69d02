"""Many small pictures on one, each with a line of text, to look through at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ml.types import Picture

_TILE_PX, _TEXT_PX, _GAP_PX, _COLUMNS = 128, 30, 8, 10
_PAPER, _INK, _NOTHING = "#ffffff", "#1f2937", "#e5e7eb"


@dataclass(frozen=True, slots=True)
class Tile:
    """One small picture.

    Attributes:
        picture: RGB uint8 (height, width, 3) of any size; None leaves the place gray.
        title: First line beneath.
        note: Second line.
    """

    picture: Picture | None
    title: str
    note: str


def write_contact_sheet(tiles: Sequence[Tile], path: Path) -> None:
    """Write the tiles as PNG, row by row, ten a row; of none, an empty row."""
    rows = max(1, -(-len(tiles) // _COLUMNS))
    pitch_x, pitch_y = _TILE_PX + _GAP_PX, _TILE_PX + _TEXT_PX + _GAP_PX
    sheet = Image.new("RGB", (_COLUMNS * pitch_x + _GAP_PX, rows * pitch_y + _GAP_PX), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, tile in enumerate(tiles):
        x, y = _GAP_PX + number % _COLUMNS * pitch_x, _GAP_PX + number // _COLUMNS * pitch_y
        draw.rectangle((x, y, x + _TILE_PX - 1, y + _TILE_PX - 1), fill=_NOTHING)
        if tile.picture is not None:
            sheet.paste(_fitted(tile.picture), (x, y))
        for line, text in enumerate((tile.title, tile.note)):
            draw.text((x, y + _TILE_PX + 2 + 13 * line), _shortened(text, font), fill=_INK, font=font)
    sheet.save(path)


def _fitted(picture: Picture) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((_TILE_PX, _TILE_PX))
    return image


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Leave out the beginning of what is wider than a tile: file names differ at their end."""
    if font.getlength(text) <= _TILE_PX:
        return text
    while font.getlength(f"…{text}") > _TILE_PX:
        text = text[1:]
    return f"…{text}"
