"""Lists that come in pages."""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from faceverify_client.parsing import build
from faceverify_client.transport import Transport

Row = TypeVar("Row")


def rows(transport: Transport, path: str, name: str, kind: type[Row]) -> Iterator[Row]:
    """All rows, page after page, each fetched when it is needed.

    Only the cursor is taken from the address of the next page: requests go nowhere but to the site itself.
    """
    cursor = None
    while True:
        page = transport.get(path, cursor=cursor)
        yield from (build(kind, row) for row in page[name])
        following = parse_qs(urlsplit(page.get("next") or "").query).get("cursor")
        if not following:
            return
        cursor = following[0]
