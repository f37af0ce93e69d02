"""What a backend does with people who have no account on the site."""

from collections.abc import Iterator

from faceverify_client.answers import Enrollment, ImportReport, Sample, Subject, SubjectVerification
from faceverify_client.enrolling import enroll
from faceverify_client.pages import rows
from faceverify_client.parsing import build
from faceverify_client.pictures import Picture, parts
from faceverify_client.transport import Transport, address


class Subjects:
    """People whom a backend keeps, by their id on the site. Their consent is the caller's to assert."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, *, consent: bool, external_id: str | None = None, training_consent: bool = False
    ) -> Subject:
        """Adds a person, whom the caller may give a name of its own, once on the whole site."""
        fields = {"consent": consent, "external_id": external_id, "training_consent": training_consent}
        return build(Subject, self._transport.post("subjects", json=fields))

    def list(self) -> Iterator[Subject]:
        return rows(self._transport, "subjects", "subjects", Subject)

    def read(self, subject_id: str) -> Subject:
        return build(Subject, self._transport.get(address("subjects", subject_id)))

    def delete(self, subject_id: str) -> None:
        """Erases the person with all that is known of them."""
        self._transport.delete(address("subjects", subject_id))

    def replace_consents(self, subject_id: str, *, consent: bool, training_consent: bool = False) -> Subject:
        fields = {"consent": consent, "training_consent": training_consent}
        return build(Subject, self._transport.put(address("subjects", subject_id, "consents"), json=fields))

    def add_samples(self, subject_id: str, *images: Picture) -> Enrollment:
        """Sends pictures, at most 11 MB in all, and waits until each is accepted or rejected."""
        return enroll(
            self._transport,
            address("subjects", subject_id, "samples"),
            images,
            counted_at=address("subjects", subject_id),
        )

    def samples(self, subject_id: str) -> Iterator[Sample]:
        return rows(self._transport, address("subjects", subject_id, "samples"), "samples", Sample)

    def sample(self, subject_id: str, sample_id: str) -> Sample:
        return build(Sample, self._transport.get(address("subjects", subject_id, "samples", sample_id)))

    def delete_sample(self, subject_id: str, sample_id: str) -> None:
        self._transport.delete(address("subjects", subject_id, "samples", sample_id))

    def verify(self, subject_id: str, image: Picture) -> SubjectVerification:
        """Is this the person? Nothing is kept of the picture."""
        path = address("subjects", subject_id, "verify")
        answer = self._transport.post(path, files=parts("image", image))
        path = address("subjects", subject_id, "verify", answer["id"])
        answer = self._transport.finished(answer, path, lambda told: told["state"] == "pending")
        return build(SubjectVerification, answer)

    def verification(self, subject_id: str, verification_id: str) -> SubjectVerification:
        """A verification that the same key asked for."""
        path = address("subjects", subject_id, "verify", verification_id)
        return build(SubjectVerification, self._transport.get(path))

    def import_archive(
        self, archive: Picture, *, consent: bool, training_consent: bool = False
    ) -> ImportReport:
        """Sends a zip archive, a folder a person, named by external id. `import_report` tells what became of it."""
        fields = {"consent": str(consent).lower(), "training_consent": str(training_consent).lower()}
        files = parts("archive", archive)
        return build(ImportReport, self._transport.post("subjects/import", files=files, data=fields))

    def import_report(self, import_id: str) -> ImportReport:
        return build(ImportReport, self._transport.get(address("subjects", "import", import_id)))
