"""Pictures and models in an object store that speaks S3, where the settings name one.

Pictures are sealed before they get here: whoever may read the bucket, or serves it, sees ciphertext.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

TIMEOUTS = Config(
    connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3}, signature_version="s3v4"
)


class ObjectStorage(S3Storage):  # type: ignore[misc]  # which has no types
    """Behaves like a folder: its errors are OSErrors, and a folder exists while something is in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_config=TIMEOUTS, default_acl=None, **options)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        with _as_of_a_disk(), super()._open(name, mode) as file:
            return ContentFile(file.read(), name=name)

    def _save(self, name: str, content: IO[Any]) -> str:
        with _as_of_a_disk():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with _as_of_a_disk():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_of_a_disk():
            return super().exists(name) or any(super().listdir(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _as_of_a_disk():
            folders, files = super().listdir(path)
            return list(folders), list(files)

    def get_modified_time(self, name: str) -> datetime:
        with _as_of_a_disk():
            found: datetime = super().get_modified_time(name)
            return found


@contextmanager
def _as_of_a_disk() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:  # whose words may name the bucket
        raise OSError(errno.EIO, f"the object store failed ({type(error).__name__})") from error
