"""Errors of the domain. Each has a stable code; what HTTP status it becomes is decided at the edge."""

# So many rows are named in words.
NAMED = 20


class DomainError(Exception):
    """Base of what a service refuses. `detail` is written for the person in front of the screen."""

    code = "error"
    detail = "This is not possible."

    def __init__(
        self, detail: str | None = None, *, code: str | None = None, retry_after_seconds: int | None = None
    ):
        self.code = code or self.code
        self.detail = detail or self.detail
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{self.code}: {self.detail}")


class ConsentMissing(DomainError):
    code = "consent_missing"
    detail = "Agree to the use of your face for sign-in first."


class ReauthenticationNeeded(DomainError):
    code = "reauthentication_required"
    detail = "Confirm with your password or passkey that it is you, then try again."


class TooManyAnchors(DomainError):
    code = "too_many_anchors"
    detail = "You have the most pictures that can be kept. Remove one to add another."


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    detail = "This idempotency key was sent with another request. Use a new key for new work."


class IdempotencyInProgress(DomainError):
    code = "idempotency_in_progress"
    detail = "The first request with this idempotency key is still being worked on."


class IdempotencyKeyOfNobody(DomainError):
    code = "idempotency_key_of_nobody"
    detail = "An idempotency key belongs to an account, a service key, an app or a browser session. Send one of them."


class DeviceKeyTooShort(DomainError):
    code = "device_key_too_short"
    detail = "A device key has at least 32 random characters, which the app makes once and keeps."


class SubjectExists(DomainError):
    code = "subject_exists"
    detail = "There is a subject with this external id already."


class ArchiveRefused(DomainError):
    """An archive that is not unpacked: `archive_too_large`, `archive_bad_path`, ..."""

    code = "archive_unreadable"
    detail = "This is no zip archive that can be read."


class ImageRefused(DomainError):
    """The file itself cannot be used; `code` is one of `enrollment.reasons.Reason`."""


class IllegalTransition(DomainError):
    code = "illegal_transition"
    detail = "This has already been decided."


class AppendOnly(DomainError):
    code = "append_only"
    detail = "The audit log is only ever added to."


class ModelUnavailable(DomainError):
    code = "service_unavailable"
    detail = "Face checks are not available at the moment. Please try again later."


class StorageFull(DomainError):
    code = "storage_full"
    detail = "There is no room for pictures at the moment. Nothing was stored. Please try again later."


class SealBroken(DomainError):
    code = "seal_broken"
    detail = "Stored data could not be opened: wrong key, or it was altered."


class RotationIncomplete(SealBroken):
    """All but a few values bear the newest key. `changed` counts them."""

    def __init__(self, changed: dict[str, int], broken: list[str]):
        self.changed = changed
        more = f" and {len(broken) - NAMED} more, which the log names" if len(broken) > NAMED else ""
        super().__init__(
            f"{len(broken)} could not be opened or found: {', '.join(broken[:NAMED])}{more}. Everything else bears the "
            "newest key. Keep the old one until they are restored or erased, and run this again."
        )


class TrainingRefused(DomainError):
    """A run that cannot be requested: `no_data`, `too_few_subjects`, `no_evaluation_set`, ..."""

    code = "training_refused"
    detail = "This training cannot be started."


class PromotionRefused(DomainError):
    """A change of the active version that is not made: `promotion_open`, `looser_threshold`, ..."""

    code = "promotion_refused"
    detail = "This version cannot be promoted."


class TrainingFailed(DomainError):
    """A run that ended early, for a reason that the person who asked for it is told."""

    code = "training_failed"
    detail = "The training failed."


class OutboundRefused(DomainError):
    """An address that the site does not send to: `bad_url`, `not_https` or `private_address`."""

    code = "bad_url"
    detail = "The site does not send to this address."


class OutboundFailed(DomainError):
    """A request that got no answer: `timeout` or `unreachable`."""

    code = "unreachable"
    detail = "There was no answer."
