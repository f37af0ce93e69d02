"""Where face images lie: any Django storage, with everything encrypted before it gets there."""

import errno
import secrets
from datetime import datetime
from typing import IO, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from enrollment.crypto import HEADER_BYTES, is_current, seal, unseal
from enrollment.errors import StorageFull


@deconstructible
class EncryptedStorage(Storage):
    """Seals on save and opens on read; the file's name is the context, so files cannot be swapped."""

    def __init__(self, backend: str = "faces_backend") -> None:
        self._alias = backend

    @property
    def _backend(self) -> Storage:
        return storages[self._alias]

    def _save(self, name: str, content: IO[Any]) -> str:
        sealed = seal(content.read(), context=name)
        try:
            saved = self._backend.save(name, ContentFile(sealed))
        except OSError as error:
            self._backend.delete(name)  # the part that there was room for
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull from error
            raise
        if saved != name:
            self._backend.delete(saved)
            raise FileExistsError(f"expected a free name, {name!r} is taken")
        return saved

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        with self._backend.open(name, "rb") as file:
            return ContentFile(unseal(file.read(), context=name), name=name)

    def exists(self, name: str) -> bool:
        return self._backend.exists(name)

    def delete(self, name: str) -> None:
        self._backend.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self._backend.listdir(path)

    def get_modified_time(self, name: str) -> datetime:
        return self._backend.get_modified_time(name)

    def is_current(self, name: str) -> bool:
        """Whether a file was sealed with the newest key."""
        with self._backend.open(name, "rb") as file:
            return is_current(file.read(HEADER_BYTES))

    def size(self, name: str) -> int:
        return self._backend.size(name)


def faces_storage() -> EncryptedStorage:
    """The storage of face images, chosen by the settings."""
    storage = storages["faces"]
    if not isinstance(storage, EncryptedStorage):
        raise ImproperlyConfigured("STORAGES: expected faces to be an EncryptedStorage.")
    return storage


def random_name(_instance: object, _filename: str) -> str:
    """A name that tells nothing; what the client called its file is not used."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token}"
