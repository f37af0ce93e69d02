import base64
import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from enrollment.crypto import keyed_digest, seal, unseal
from enrollment.errors import SealBroken


def fresh_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def test_it_opens_what_it_sealed():
    assert unseal(seal(b"a face", context="here"), context="here") == b"a face"


def test_it_hides_the_content():
    assert b"a face" not in seal(b"a face", context="here")


def test_it_refuses_another_place():
    with pytest.raises(SealBroken):
        unseal(seal(b"a face", context="mine"), context="yours")


@pytest.mark.parametrize("position", [0, 1, 6, 20, -1])
def test_it_refuses_altered_bytes(position):
    sealed = bytearray(seal(b"a face", context="here"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        unseal(bytes(sealed), context="here")


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x01" * 10, b"not sealed at all, this is plain text"])
def test_it_refuses_what_it_never_sealed(rubbish):
    with pytest.raises(SealBroken):
        unseal(rubbish, context="here")


def test_it_opens_with_an_older_key(settings):
    old, new = fresh_key(), fresh_key()
    settings.FACE_ENCRYPTION_KEYS = [old]
    sealed = seal(b"a face", context="here")
    settings.FACE_ENCRYPTION_KEYS = [new, old]
    assert unseal(sealed, context="here") == b"a face"


def test_it_refuses_without_the_key(settings):
    sealed = seal(b"a face", context="here")
    settings.FACE_ENCRYPTION_KEYS = [fresh_key()]
    with pytest.raises(SealBroken):
        unseal(sealed, context="here")


@pytest.mark.parametrize("keys", [[], ["short"], ["c2hvcnQ="], ["!!!"]])
def test_it_refuses_bad_keys(settings, keys):
    settings.FACE_ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured):
        seal(b"a face", context="here")


def test_it_tells_equal_data_apart_by_context():
    assert (
        keyed_digest(b"x", context="a") == keyed_digest(b"x", context="a") != keyed_digest(b"x", context="b")
    )
