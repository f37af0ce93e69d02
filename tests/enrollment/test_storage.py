import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from enrollment.errors import SealBroken
from enrollment.storage import faces_storage, random_name


def store(data: bytes) -> str:
    return faces_storage().save(random_name(None, "my face.jpg"), ContentFile(data))


def test_it_returns_what_was_stored():
    with faces_storage().open(store(b"\xff\xd8 a picture")) as file:
        assert file.read() == b"\xff\xd8 a picture"


def test_it_stores_no_plain_bytes():
    with storages["faces_backend"].open(store(b"\xff\xd8 a picture")) as file:
        assert b"a picture" not in file.read()


def test_it_takes_no_name_from_the_client():
    assert "face" not in random_name(None, "my face.jpg")


def test_it_refuses_a_swapped_file():
    mine, yours = store(b"mine"), store(b"yours")
    backend = storages["faces_backend"]
    with backend.open(yours) as file:
        sealed = file.read()
    backend.delete(mine)
    backend.save(mine, ContentFile(sealed))
    with pytest.raises(SealBroken):
        faces_storage().open(mine)
