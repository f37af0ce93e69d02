import os
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from enrollment.errors import SealBroken, StorageFull
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
    assert "portrait" not in random_name(None, "my portrait.jpg")


def test_it_refuses_a_swapped_file():
    mine, yours = store(b"mine"), store(b"yours")
    backend = storages["faces_backend"]
    with backend.open(yours) as file:
        sealed = file.read()
    backend.delete(mine)
    backend.save(mine, ContentFile(sealed))
    with pytest.raises(SealBroken):
        faces_storage().open(mine)


@pytest.fixture
def tiny_disk(tmp_path, settings):
    """64 KiB for pictures."""
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if os.getuid() or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    backend = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path)},
    }
    settings.STORAGES = settings.STORAGES | {"faces_backend": backend}
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_it_leaves_nothing_behind_on_a_full_disk(tiny_disk):
    with pytest.raises(StorageFull):
        store(b"x" * 100_000)
    assert not [path for path in tiny_disk.rglob("*") if path.is_file()]
