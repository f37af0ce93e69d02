import io
import json
import zipfile
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from enrollment.models import AuditEvent, ModelVersion, Sample, Subject, Template, User
from enrollment.services import account_export, orphans_erase
from enrollment.services.files import face_file_fields
from enrollment.services.subject_export import _pictures
from enrollment.storage import faces_storage
from tests.conftest import show_password
from tests.factories import SampleFactory, UserFactory, backend_subject, enrolled_subject, model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db):
    return enrolled_subject(model_version(), np.full(192, 192**-0.5, dtype=np.float32), username="ada").user


@pytest.fixture
def kept(person):
    """Somebody whom a backend keeps, beside a person with an account."""
    embedding = np.full(192, -(192**-0.5), dtype=np.float32)
    return backend_subject(ModelVersion.objects.get(), embedding, external_id="employee-42")


def archive(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_the_export_holds_pictures_consents_and_history(person):
    call_command("rotate_keys")
    AuditEvent.record("sign_in", subject=person.subject, source="192.0.2.1")
    file = archive(account_export(person))
    assert sum(name.startswith("pictures/") for name in file.namelist()) == 3
    assert file.read(next(name for name in file.namelist() if name.startswith("faces/"))) == b"crop"
    assert json.loads(file.read("consents.json"))[0]["purpose"] == "sign_in"
    assert json.loads(file.read("history.json"))[0]["source"] == "192.0.2.1"
    assert json.loads(file.read("account.json"))["username"] == "ada"


def test_the_export_holds_nothing_of_others_and_no_numbers_of_the_face(person):
    other = SampleFactory()
    file = archive(account_export(person))
    everything = b"".join(file.read(name) for name in file.namelist()).decode(errors="replace")
    assert str(other.pk) not in everything
    assert "embedding" not in everything
    assert "similarity" not in everything


def test_the_export_of_somebody_without_a_face_holds_nothing_of_others(stranger, staff):
    AuditEvent.record("service_key", actor=staff, source="198.51.100.7", object_id="backend-7")
    AuditEvent.record("sign_in", "refused", source="203.0.113.9")
    AuditEvent.record("verify", actor=stranger, source="192.0.2.1")
    history = json.loads(archive(account_export(stranger)).read("history.json"))
    assert [(event["action"], event["source"]) for event in history] == [("verify", "192.0.2.1")]


def test_the_export_does_not_tell_where_staff_sit(person, staff):
    AuditEvent.record("face_unlock", actor=staff, subject=person.subject, source="198.51.100.7")
    AuditEvent.record("sign_in", "refused", subject=person.subject, source="203.0.113.9")
    history = json.loads(archive(account_export(person)).read("history.json"))
    told = {event["action"]: event["source"] for event in history}
    assert (told["face_unlock"], told["sign_in"]) == (None, "203.0.113.9")


def told_of(person: User) -> tuple[list[str], dict[str, dict]]:
    """The pictures in the archive, and what it tells of each."""
    file = archive(account_export(person))
    names = [name.removeprefix("pictures/") for name in file.namelist() if name.startswith("pictures/")]
    return names, {picture["id"]: picture for picture in json.loads(file.read("pictures.json"))}


def test_one_picture_that_cannot_be_read_costs_no_other(person, caplog):
    missing, broken, whole = Sample.objects.all()
    faces_storage().delete(missing.image.name)
    Sample.objects.filter(pk=broken.pk).update(sealed_crop=b"\x01altered")
    names, told = told_of(person)
    assert set(names) == {str(broken.pk), str(whole.pk)}
    assert [told[str(sample.pk)].get("unreadable") for sample in (missing, broken, whole)] == [
        "file_missing",
        "seal_broken",
        None,
    ]
    assert str(missing.pk) in caplog.text


def test_a_picture_that_changes_while_others_are_exported_costs_none(person):
    first, taken_back, last = Sample.objects.all()
    rejected = SampleFactory(subject=person.subject)
    with zipfile.ZipFile(io.BytesIO(), "w") as file:
        pictures = _pictures(file, person.subject)
        told = [next(pictures)]
        Sample.objects.filter(pk=taken_back.pk).delete()
        Sample.objects.filter(pk=rejected.pk).update(state="rejected", image="", decided_at=timezone.now())
        for sample in (taken_back, rejected):
            faces_storage().delete(sample.image.name)
        told += pictures
    assert [(picture["id"], picture["state"]) for picture in told] == [
        (first.pk, "accepted"),
        (last.pk, "accepted"),
        (rejected.pk, "rejected"),
    ]


def test_the_page_asks_for_the_password_then_mails(
    person, browser_of, mailoutbox, django_capture_on_commit_callbacks
):
    browser = browser_of(person)
    show_password(browser, person, seconds_ago=3600)
    assert browser.get("/face/export/").status_code == 200
    assert browser.post("/face/export/").url.startswith("/accounts/reauthenticate/")
    show_password(browser, person)
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/face/export/")
    assert archive(answer.content).testzip() is None
    assert "no-store" in answer["Cache-Control"]
    assert [message.subject for message in mailoutbox] == ["FaceVerify: Your data was downloaded"]


def test_the_command_writes_a_file_for_its_owner_alone(person, tmp_path):
    call_command("export_subject", "ADA", output=tmp_path / "ada.zip")
    assert (tmp_path / "ada.zip").stat().st_mode & 0o077 == 0
    assert "account.json" in zipfile.ZipFile(tmp_path / "ada.zip").namelist()


def test_erasing_names_the_models_that_learned_from_the_person(person, capsys):
    ModelVersion.objects.update(lineage={"subjects": {str(person.subject.pk): ["x"]}})
    call_command("erase_subject", "ada")
    assert "mobilefacenet-base-1 (active) learned from this person" in capsys.readouterr().out
    assert not Sample.objects.exists()
    assert not Template.objects.exists()
    assert User.objects.filter(pk=person.pk).exists()


def test_erasing_the_account_leaves_nothing_but_the_log(person, capsys, django_capture_on_commit_callbacks):
    names = list(Sample.objects.values_list("image", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("erase_subject", str(person.pk), account=True)
    assert "No model learned" in capsys.readouterr().out
    assert not User.objects.exists()
    assert not any(faces_storage().exists(name) for name in names)


def test_it_erases_nobody_by_mistake(person):
    with pytest.raises(CommandError):
        call_command("erase_subject", "adam")


def test_whom_a_backend_keeps_is_exported(person, kept, tmp_path):
    AuditEvent.record("verify", subject=kept)
    AuditEvent.record("verify", subject=person.subject)
    call_command("export_subject", subject="employee-42", output=tmp_path / "them.zip")
    file = zipfile.ZipFile(tmp_path / "them.zip")
    assert json.loads(file.read("subject.json"))["external_id"] == "employee-42"
    assert [event["action"] for event in json.loads(file.read("history.json"))] == ["verify"]
    assert len(json.loads(file.read("pictures.json"))) == kept.samples.count() > 0
    assert AuditEvent.objects.filter(action="export", subject_id=kept.pk).exists()


def test_whom_a_backend_keeps_is_erased_alone(person, kept, capsys):
    ModelVersion.objects.update(lineage={"subjects": {str(kept.pk): ["x"]}})
    call_command("erase_subject", subject=str(kept.public_id))
    assert "learned from this person" in capsys.readouterr().out
    assert [sample.subject for sample in Sample.objects.all()] == [person.subject] * 3
    assert not Subject.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("command", ["erase_subject", "export_subject"])
@pytest.mark.parametrize("name", ["ada", "00000000-0000-4000-8000-000000000000"])
def test_an_account_is_no_subject_of_a_backend(person, command, name, tmp_path):
    more = {"output": tmp_path / "x.zip"} if command == "export_subject" else {}
    with pytest.raises(CommandError, match="No backend keeps"):
        call_command(command, subject=name, **more)


def test_files_that_no_row_names_are_swept_after_an_hour(person, monkeypatch):
    storage = faces_storage()
    orphan = storage.save("ab/orphan", io.BytesIO(b"left behind"))
    orphans_erase()
    assert storage.exists(orphan)
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert orphans_erase() > 0
    assert not storage.exists(orphan)
    assert all(storage.exists(name) for name in Sample.objects.values_list("image", flat=True))


@pytest.mark.parametrize("gone", [True, False])
def test_a_file_that_is_gone_or_cannot_be_erased_stops_no_other(db, monkeypatch, gone):
    storage = faces_storage()
    stuck, other = (
        storage.save(f"ab/{name}", io.BytesIO(b"left behind")) for name in (f"stuck{gone}", "other")
    )
    backend = storages["faces_backend"]
    delete, modified = backend.delete, backend.get_modified_time

    def delete_others(name: str) -> None:
        if name == stuck:
            raise PermissionError
        delete(name)

    def modified_unless_gone(name: str) -> datetime:
        if gone and name == stuck:
            delete(stuck)
        return modified(name)

    monkeypatch.setattr(backend, "delete", delete_others)
    monkeypatch.setattr(backend, "get_modified_time", modified_unless_gone)
    monkeypatch.setattr("enrollment.services.files.ORPHAN_AFTER", -timedelta(minutes=1))
    assert orphans_erase() > 0
    assert (storage.exists(stuck), storage.exists(other)) == (not gone, False)


def test_every_column_of_encrypted_files_is_known():
    assert (Sample, "image") in list(face_file_fields())


def test_an_export_over_another_file_is_for_its_owner_alone(person, tmp_path):
    file = tmp_path / "ada.zip"
    file.touch(0o644)
    call_command("export_subject", "ada", output=file)
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("command", ["erase_subject", "export_subject"])
def test_a_number_that_is_a_name_and_an_id_names_nobody(person, command, tmp_path):
    UserFactory(username=str(person.pk))
    more = {"output": tmp_path / "x.zip"} if command == "export_subject" else {}
    with pytest.raises(CommandError, match="may mean 'ada' with the id"):
        call_command(command, str(person.pk), **more)


def test_an_export_to_nowhere_is_not_begun(person, tmp_path):
    with pytest.raises(CommandError, match="expected a file"):
        call_command("export_subject", "ada", output=tmp_path / "none" / "ada.zip")
    assert not AuditEvent.objects.filter(action="export").exists()
