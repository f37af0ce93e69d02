"""Pictures on their way to the site."""

from os import PathLike
from pathlib import Path

Picture = bytes | str | PathLike[str]


def parts(field: str, *pictures: Picture) -> list[tuple[str, tuple[str, bytes]]]:
    """Multipart fields of one name: each picture's file name and bytes. The site looks at the bytes alone."""
    return [(field, _part(picture)) for picture in pictures]


def _part(picture: Picture) -> tuple[str, bytes]:
    if isinstance(picture, bytes):
        return "picture", picture
    path = Path(picture)
    return path.name, path.read_bytes()
