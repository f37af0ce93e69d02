"""Many subjects and pictures at once."""

import io
import struct
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment import jobs
from enrollment.errors import StorageFull
from enrollment.models import ImportedPicture, Sample, Subject, SubjectImport
from enrollment.services.external_ids import external_id_of
from enrollment.services.files import _names
from enrollment.storage import EncryptedStorage
from tests.faces import jpeg, no_face, portrait, portraits
from tests.factories import SubjectFactory, UserFactory, model_version

pytestmark = pytest.mark.django_db
URL = "/api/v1/subjects/import"


@pytest.fixture
def backend(backend_of):
    return backend_of("subjects:write")


def archive(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in entries:
            file.writestr(name, data)
    return buffer.getvalue()


def send(backend, data: bytes, **more):
    body = {"archive": SimpleUploadedFile("people.zip", data), "consent": True} | more
    return backend.post(URL, body)


def told(report) -> list[tuple[str, str, list[str]]]:
    return [
        (one["name"], one["state"], [reason["code"] for reason in one["reasons"]])
        for one in report["pictures"]
    ]


def test_folders_and_names_are_external_ids(backend):
    first, second, third = portraits()
    answer = send(backend, archive(("set/ada/1.jpg", first), ("set/ada/2.jpg", second), ("bob.jpg", third)))
    report = answer.json()
    assert (answer.status_code, report["state"], report["total"], report["pending"]) == (202, "pending", 3, 3)
    assert {s.external_id: s.samples.count() for s in Subject.objects.all()} == {"ada": 2, "bob": 1}
    assert all(subject.consents.count() == 1 for subject in Subject.objects.all())


def test_it_tells_of_each_picture(backend):
    model_version()
    good = jpeg(portrait())
    data = archive(
        ("ada/1.jpg", good),
        ("ada/again.jpg", good),
        ("bob/1.jpg", no_face()),
        ("eve/notes.txt", b"not a picture"),
        ("eve/empty.jpg", b""),
        ("__MACOSX/ada/._1.jpg", b"litter"),
        ("ada/.DS_Store", b"litter"),
    )
    sent = send(backend, data).json()
    for sample in Sample.objects.all():
        jobs.template_extract(str(sample.pk))
    report = backend.get(f"{URL}/{sent['id']}").json()
    assert told(report) == [
        ("ada/1.jpg", "accepted", []),
        ("ada/again.jpg", "rejected", ["duplicate_image"]),
        ("bob/1.jpg", "rejected", ["no_face"]),
        ("eve/notes.txt", "rejected", ["unsupported_type"]),
        ("eve/empty.jpg", "rejected", ["empty_file"]),
    ]
    assert (report["state"], report["accepted"], report["rejected"]) == ("decided", 1, 4)
    assert report["pictures"][0]["subject"] == str(Subject.objects.get(external_id="ada").public_id)
    assert report["pictures"][3]["subject"] is None
    assert not Subject.objects.filter(external_id="eve").exists()


def test_many_files_do_as_well_as_an_archive(backend):
    images = [SimpleUploadedFile(f"{name}.jpg", jpeg(portrait())) for name in ("ada", "bob")]
    report = backend.post(URL, {"images": images, "consent": True}).json()
    assert [one["state"] for one in report["pictures"]] == ["pending", "pending"]
    assert {subject.external_id for subject in Subject.objects.all()} == {"ada", "bob"}


def test_it_adds_to_a_subject_that_is_there_and_never_to_an_account(backend):
    there = SubjectFactory(user=None, external_id="ada")
    account = SubjectFactory(user=UserFactory(username="bob"))
    send(backend, archive(("ada/1.jpg", portraits()[0]), ("bob/1.jpg", portraits()[1])))
    assert (there.samples.count(), account.samples.count()) == (1, 0)
    assert Subject.objects.get(external_id="bob").user is None


def test_it_keeps_nothing_without_consent(backend):
    answer = send(backend, archive(("ada/1.jpg", jpeg(portrait()))), consent=False)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["consent"])
    assert not SubjectImport.objects.exists()


def test_it_takes_either_an_archive_or_files(backend):
    for more in ({}, {"archive": SimpleUploadedFile("a", b"a"), "images": SimpleUploadedFile("b", b"b")}):
        assert backend.post(URL, {"consent": True} | more).status_code == 400


def overlapping() -> bytes:
    """Two entries of the list that point at the same bytes."""
    data = archive(("a/1.jpg", bytes(4000)), ("b/1.jpg", bytes(4000)))
    second = data.rindex(b"PK\x01\x02")
    return data[: second + 42] + struct.pack("<L", 0) + data[second + 46 :]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"no archive", 422, "archive_unreadable"),
        (b"", 422, "archive_unreadable"),
        (archive(), 422, "archive_empty"),
        (archive(("a/1.jpg", b"x" * 1000))[:-30], 422, "archive_unreadable"),
        (archive(("a/1.jpg", b"x"), method=zipfile.ZIP_LZMA), 422, "archive_unreadable"),
        (archive(("../ada/1.jpg", b"x")), 422, "archive_bad_path"),
        (archive(("ada/../../1.jpg", b"x")), 422, "archive_bad_path"),
        (archive(("/etc/passwd", b"x")), 422, "archive_bad_path"),
        (archive(("c:\\faces\\1.jpg", b"x")), 422, "archive_bad_path"),
        (archive(("a/1.jpg", bytes(5_000_000)), method=zipfile.ZIP_DEFLATED), 413, "archive_too_large"),
        (archive(*((f"a/{n}.jpg", b"x") for n in range(501))), 413, "archive_too_large"),
    ],
    ids=["text", "empty", "no files", "cut", "lzma", "up", "up again", "root", "drive", "bomb", "many"],
)
def test_it_refuses_archives_that_are_made_to_harm(backend, data, status, code):
    answer = send(backend, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not SubjectImport.objects.exists()
    assert not Subject.objects.exists()


def test_it_unpacks_no_archive_inside_an_archive(backend):
    inner = archive(("ada/1.jpg", jpeg(portrait())))
    report = send(backend, archive(("ada/inner.zip", inner), ("ada/inner.jpg", inner))).json()
    assert [one["reasons"][0]["code"] for one in report["pictures"]] == ["unsupported_type"] * 2
    assert not Sample.objects.exists()


def test_a_damaged_or_overlapping_entry_is_not_read(backend):
    good = jpeg(portrait())
    data = bytearray(archive(("ada/1.jpg", good), ("bob/1.jpg", good)))
    data[data.index(good) + 2000] ^= 0xFF
    report = send(backend, bytes(data)).json()
    assert told(report) == [("ada/1.jpg", "rejected", ["unreadable_image"]), ("bob/1.jpg", "pending", [])]
    states = {one["state"] for one in send(backend, overlapping()).json()["pictures"]}
    assert states == {"rejected"}


def test_names_that_name_nobody_are_told_of(backend):
    report = send(
        backend, archive((f"{'x' * 200}/1.jpg", jpeg(portrait())), (" /1.jpg", jpeg(portrait())))
    ).json()
    assert [one["reasons"][0]["code"] for one in report["pictures"]] == ["bad_name", "bad_name"]


def test_folders_of_the_same_name_in_two_places_are_told_of(backend):
    """They may be two people."""
    names = ("north/7/a.jpg", "south/7/b.jpg", "7.jpg", "south/8/c.jpg")
    report = send(backend, archive(*((name, jpeg(portrait())) for name in names))).json()
    assert [one["reasons"][0]["code"] for one in report["pictures"][:3]] == ["bad_name"] * 3
    assert [subject.external_id for subject in Subject.objects.all()] == ["8"]


@pytest.mark.parametrize(
    ("name", "external_id"),
    [
        ("anna.smith", "anna.smith"),
        ("anna.jones", "anna.jones"),
        ("anna.smith.JPG", "anna.smith"),
        ("anna.webp", "anna"),
        ("anna.smith/1.jpg", "anna.smith"),
    ],
)
def test_a_dot_in_a_name_begins_no_ending(name, external_id):
    assert external_id_of(name) == external_id


def test_an_entry_without_a_name_is_told_of(backend):
    data = archive(("x", jpeg(portrait())))
    nameless = bytearray(data[:30] + data[31:])
    central = nameless.index(b"PK\1\2")
    del nameless[central + 46]
    nameless[26] = nameless[central + 28] = 0
    nameless[-10:-2] = struct.pack("<II", 46, central)
    report = send(backend, bytes(nameless)).json()
    assert told(report) == [("", "rejected", ["bad_name"])]


@pytest.mark.django_db(transaction=True)
def test_it_takes_in_everything_or_nothing(backend, monkeypatch):
    monkeypatch.setattr(ImportedPicture.objects, "bulk_create", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(backend, archive(("ada/1.jpg", jpeg(portrait()))))
    assert not Subject.objects.exists()
    assert not Sample.objects.exists()


def test_an_import_without_room_leaves_no_files(backend, monkeypatch):
    save, before = EncryptedStorage._save, len(list(_names("")))

    def full_at_the_third(storage, name, content):
        if len(list(_names(""))) == before + 2:
            raise StorageFull
        return save(storage, name, content)

    monkeypatch.setattr(EncryptedStorage, "_save", full_at_the_third)
    answer = send(backend, archive(*((f"p{n}/1.jpg", jpeg(portrait())) for n in range(3))))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert len(list(_names(""))) == before


def test_what_a_killed_worker_left_is_found_again(backend):
    model_version()
    sent = send(
        backend, archive(*((f"p{n}/1.jpg", jpeg(portrait(), quality=80 + n)) for n in range(4)))
    ).json()
    first, *rest = Sample.objects.all()
    jobs.template_extract(str(first.pk))  # and then the worker was killed, with the broker's messages
    Sample.objects.update(queued_at="2020-01-01T00:00:00Z")
    lost = jobs.samples_claim_lost()
    assert set(lost) == {str(sample.pk) for sample in rest}
    for sample_id in lost:
        jobs.template_extract(sample_id)
    report = backend.get(f"{URL}/{sent['id']}").json()
    assert (report["accepted"], report["pending"]) == (4, 0)


def test_an_erased_subject_leaves_the_report(backend):
    sent = send(backend, archive(("ada/1.jpg", jpeg(portrait())))).json()
    backend.delete(f"/api/v1/subjects/{sent['pictures'][0]['subject']}")
    assert backend.get(f"{URL}/{sent['id']}").json()["pictures"] == []


def test_no_report_names_an_erased_subject_whose_pictures_were_turned_down(backend):
    bad = b"not a picture"
    names = ("ada/1.jpg", "ada.jpg", "ada l/3.jpg", "eve/ada.jpg")
    send(backend, archive(*((name, bad) for name in names), ("ada/4.jpg", jpeg(portrait()))))
    backend.delete(f"/api/v1/subjects/{Subject.objects.get(external_id='ada').public_id}")
    assert set(ImportedPicture.objects.values_list("name", flat=True)) == {"ada l/3.jpg", "eve/ada.jpg"}


def test_there_is_no_other_import(backend):
    assert backend.get(f"{URL}/5f0f4ab8-5f4c-4d0e-9a2e-3f9b7a0c7a11").status_code == 404


def test_a_key_needs_the_scope(backend, backend_of):
    sent = send(backend, archive(("ada/1.jpg", jpeg(portrait())))).json()
    other = backend_of("verify", "identify", "scores")
    assert send(other, archive(("bob/1.jpg", jpeg(portrait())))).status_code == 403
    assert other.get(f"{URL}/{sent['id']}").status_code == 403
