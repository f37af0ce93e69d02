"""Finding static files: of an npm package only the files that pages use."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class PackageFinder(FileSystemFinder):
    """Django's own, but of the folders named in STATICFILES_ONLY nothing else is collected."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        for path, storage in super().list(ignore_patterns):
            only = settings.STATICFILES_ONLY.get(storage.prefix)
            if only is None or path in only:
                yield path, storage
