"""Encryption at rest: AES-256-GCM, bound to the place where the data is stored.

Layout of sealed bytes: version (1) | key id (4) | nonce (12) | ciphertext and tag. The context, such as a row's id, is
authenticated but not stored: a template copied into another person's row does not open.
"""

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from enrollment.errors import SealBroken

VERSION = b"\x01"
KEY_ID_BYTES, NONCE_BYTES, KEY_BYTES = 4, 12, 32
# What the secrets of second factors are bound to.
MFA_CONTEXT = "mfa"
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES


@lru_cache(maxsize=4)
def _keyring(encoded_keys: tuple[str, ...]) -> dict[bytes, AESGCM]:
    """Ciphers by key id, newest first."""
    ring = {}
    for encoded in encoded_keys:
        try:
            key = base64.urlsafe_b64decode(encoded)
        except (ValueError, binascii.Error) as error:
            raise ImproperlyConfigured("FACE_ENCRYPTION_KEYS: expected URL-safe base64.") from error
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"FACE_ENCRYPTION_KEYS: expected {KEY_BYTES} bytes a key, got {len(key)}."
            )
        ring[hashlib.sha256(key).digest()[:KEY_ID_BYTES]] = AESGCM(key)
    if not ring:
        raise ImproperlyConfigured("FACE_ENCRYPTION_KEYS: expected at least one key.")
    return ring


def keyring() -> dict[bytes, AESGCM]:
    """The site's ciphers by key id; the first one seals."""
    return _keyring(tuple(settings.FACE_ENCRYPTION_KEYS))


def seal(data: bytes, *, context: str) -> bytes:
    """Encrypts with the newest key."""
    key_id, cipher = next(iter(keyring().items()))
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + key_id + nonce + cipher.encrypt(nonce, data, context.encode())


def unseal(sealed: bytes | memoryview, *, context: str) -> bytes:
    """Decrypts, or raises SealBroken on a wrong key, altered bytes or another context."""
    sealed = bytes(sealed)
    cipher = keyring().get(sealed[len(VERSION) : len(VERSION) + KEY_ID_BYTES])
    if len(sealed) < HEADER_BYTES or not sealed.startswith(VERSION) or cipher is None:
        raise SealBroken
    try:
        return cipher.decrypt(
            sealed[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES], sealed[HEADER_BYTES:], context.encode()
        )
    except InvalidTag as error:
        raise SealBroken from error


def is_current(sealed: bytes | memoryview) -> bool:
    """Whether sealed bytes were sealed with the newest key."""
    newest = next(iter(keyring()))
    return bytes(sealed[: len(VERSION) + KEY_ID_BYTES]) == VERSION + newest


def seal_text(text: str, *, context: str) -> str:
    """Sealed and in base64, for columns that hold text."""
    return base64.b64encode(seal(text.encode(), context=context)).decode()


def unseal_text(sealed: str, *, context: str) -> str:
    return unseal(base64.b64decode(sealed), context=context).decode()


def is_current_text(sealed: str) -> bool:
    return is_current(base64.b64decode(sealed))


def keyed_digest(data: bytes, *, context: str) -> str:
    """A fingerprint that tells equal data without revealing it: HMAC-SHA-256, hexadecimal."""
    return hmac.new(settings.SECRET_KEY.encode(), context.encode() + b"\0" + data, hashlib.sha256).hexdigest()
