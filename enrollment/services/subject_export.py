"""Everything the site knows of a person, as a zip archive: pictures, consents and history."""

import json
import logging
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q

from enrollment.errors import SealBroken
from enrollment.models import AuditEvent, Consent, ModelVersion, Sample, Subject, User
from enrollment.notices import Notice, notice_send
from enrollment.selectors import subject_of

logger = logging.getLogger(__name__)

ENDINGS = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"RI": ".webp"}


def account_export(user: User) -> bytes:
    """The archive of somebody with an account. Records the export and tells the owner."""
    subject = subject_of(user)
    archive = _archive({"account.json": _account(user)}, subject, user)
    AuditEvent.record(AuditEvent.Action.EXPORT, subject=subject, object_id=user.pk)
    notice_send(user, Notice.DATA_EXPORTED)
    return archive


def subject_export(subject: Subject) -> bytes:
    """The archive of somebody whom a backend keeps. Records the export."""
    columns = {"id": subject.public_id, "external_id": subject.external_id, "added": subject.created_at}
    archive = _archive({"subject.json": columns}, subject, None)
    AuditEvent.record(AuditEvent.Action.EXPORT, subject=subject)
    return archive


def _archive(who: dict[str, Any], subject: Subject | None, user: User | None) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in who.items():
            _write(file, name, content)
        _write(file, "face.json", {"last_recognised": subject.last_used_at if subject else None})
        _write(file, "consents.json", list(Consent.objects.filter(subject=subject).values()))
        _write(file, "history.json", _history(user, subject))
        _write(file, "pictures.json", list(_pictures(file, subject)))
        _write(file, "models.json", [version.name for version in _models(subject)])
    return archive.getvalue()


def _account(user: User) -> dict[str, Any]:
    return {
        "username": user.get_username(),
        "email": user.email,
        "joined": user.date_joined,
        "last_sign_in": user.last_login,
    }


def _pictures(file: zipfile.ZipFile, subject: Subject | None) -> Iterator[dict[str, Any]]:
    """What is known of each picture, whose files are added. Those erased since their row was read are left out."""
    for sample in Sample.objects.filter(subject=subject):
        try:
            yield _picture(file, sample)
        except Sample.DoesNotExist:
            continue


def _picture(file: zipfile.ZipFile, sample: Sample) -> dict[str, Any]:
    unreadable = {}
    for add in (_add_image, _add_face):
        try:
            add(file, sample)
        except (
            SealBroken,
            FileNotFoundError,
        ) as error:  # everything else of the person is theirs all the same
            unreadable = {"unreadable": error.code if isinstance(error, SealBroken) else "file_missing"}
            logger.error(
                "an export lacks what cannot be read of sample %s: %s", sample.pk, unreadable["unreadable"]
            )
    return {
        "id": sample.pk,
        "state": sample.state,
        "reasons": sample.reasons,
        "quality": sample.quality,
        "given_at": sample.created_at,
        "decided_at": sample.decided_at,
        **unreadable,
    }


def _add_image(file: zipfile.ZipFile, sample: Sample) -> None:
    data = _image(sample)
    if data:
        file.writestr(f"pictures/{sample.pk}{ENDINGS.get(data[:2], '')}", data, zipfile.ZIP_STORED)


def _add_face(file: zipfile.ZipFile, sample: Sample) -> None:
    if sample.state == Sample.State.ACCEPTED:
        file.writestr(f"faces/{sample.pk}.jpg", sample.crop, zipfile.ZIP_STORED)


def _image(sample: Sample) -> bytes:
    """The picture; nothing for one that was rejected, also meanwhile. Raises DoesNotExist if it was erased."""
    try:
        return _stored(sample)
    except FileNotFoundError:  # accepted, rejected or sealed anew since the row was read
        sample.refresh_from_db()
        return _stored(sample)


def _stored(sample: Sample) -> bytes:
    if not sample.image:
        return b""
    with sample.image.open() as image:
        return bytes(image.read())


def _history(user: User | None, subject: Subject | None) -> list[dict[str, Any]]:
    # Never `Q(subject_id=None)`: that is everything which concerns nobody's face, whoever did it.
    of_account = Q(actor_id=user.pk) if user else Q(pk__in=[])
    of_face = Q(subject_id=subject.pk) if subject else Q(pk__in=[])
    columns = ("created_at", "action", "outcome", "source", "object_id", "details")
    events = AuditEvent.objects.filter(of_account | of_face).values(*columns, "actor_id")
    return [_told(event, user) for event in events]


def _told(event: dict[str, Any], user: User | None) -> dict[str, Any]:
    """Without the address of staff who did it."""
    theirs = event.pop("actor_id") in {None, user.pk if user else None}
    return event if theirs else event | {"source": None}


def _models(subject: Subject | None) -> Any:
    return ModelVersion.that_saw(subject.pk) if subject else []


def _write(file: zipfile.ZipFile, name: str, content: Any) -> None:
    file.writestr(name, json.dumps(content, indent=2, cls=DjangoJSONEncoder))
