import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from enrollment.errors import IllegalTransition

MARK, PREFIX_BYTES, SECRET_BYTES = "fvk", 4, 32
LONGEST_GRACE_HOURS = 72


class Scope(models.TextChoices):
    """What a backend may do."""

    SUBJECTS_WRITE = "subjects:write", "Add, read and erase subjects and their pictures"
    VERIFY = "verify", "Verify a picture against a subject; compare two pictures"
    IDENTIFY = "identify", "Search for the subjects that a picture resembles"
    SCORES = "scores", "Read similarities and thresholds (whoever can, can rebuild templates from them)"


def expiry_default() -> datetime:
    return timezone.now() + timedelta(days=365)


def digest_of(secret: str) -> str:
    """SHA-256, hexadecimal.

    Salt and stretching slow down the guessing of what people think up; of 256 random bits there is no guessing. It has
    no key either, so that a new `SECRET_KEY` does not lock every backend out.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


NOBODYS = digest_of(secrets.token_urlsafe(SECRET_BYTES))


class ServiceKeyManager(models.Manager["ServiceKey"]):
    def by_secret(self, secret: str) -> "ServiceKey | None":
        """The usable key with this secret. The prefix finds the row; what is secret is compared in constant time."""
        mark, _, rest = secret.partition("_")
        prefix = rest.partition("_")[0]
        key = self.filter(prefix=prefix).first() if mark == MARK and prefix.isalnum() else None
        known = key.digests if key else [NOBODYS]
        told = digest_of(secret)
        fits = [constant_time_compare(told, digest) for digest in known]
        return key if key and any(fits) and key.is_usable else None


class ServiceKey(models.Model):
    """Opens the API to a backend. Its secret, `fvk_<prefix>_<random>`, is shown once and never stored.

    Usable until it expires or is revoked. After a rotation the secret before stays valid until `previous_until`.
    """

    name = models.CharField(max_length=80, help_text="Which system holds it, for your colleagues.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="Of the secret.")
    previous_digest = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField("old secret valid until", null=True, blank=True)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=expiry_default)
    last_used_at = models.DateTimeField("last used", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True)

    objects: ClassVar[ServiceKeyManager] = ServiceKeyManager()

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({MARK}_{self.prefix})"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and timezone.now() < self.expires_at

    @property
    def digests(self) -> list[str]:
        """Of the secrets that are valid now."""
        in_grace = self.previous_until is not None and timezone.now() < self.previous_until
        return [self.digest, self.previous_digest] if in_grace else [self.digest]

    def renew_secret(self, *, grace: timedelta = timedelta()) -> str:
        """Makes a secret and answers it; the one before stays valid for a while. Raises IllegalTransition."""
        if self.revoked_at:
            raise IllegalTransition("This key is revoked. Make a new one.")
        self.prefix = self.prefix or secrets.token_hex(PREFIX_BYTES)
        secret = f"{MARK}_{self.prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
        self.previous_digest = self.digest if grace else ""
        self.previous_until = timezone.now() + grace if grace else None
        self.digest = digest_of(secret)
        return secret

    def revoke(self) -> None:
        if self.revoked_at:
            raise IllegalTransition("This key is revoked already.")
        self.revoked_at = timezone.now()
        self.previous_digest, self.previous_until = "", None

    def touch(self) -> None:
        """Notes that it was used, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            ServiceKey.objects.filter(pk=self.pk).update(last_used_at=now)
