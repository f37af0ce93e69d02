"""Where face images lie: any Django storage, with everything encrypted before it gets there."""

import secrets
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from enrollment.crypto import seal, unseal


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
        saved = self._backend.save(name, ContentFile(sealed))
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

    def size(self, name: str) -> int:
        return self._backend.size(name)


def faces_storage() -> Storage:
    """The storage of face images, chosen by the settings."""
    return storages["faces"]


def random_name(_instance: object, _filename: str) -> str:
    """A name that tells nothing; what the client called its file is not used."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token}"
