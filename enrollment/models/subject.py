import uuid
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

# Exact enough for what is counted in years; nobody's row is written at each sign-in.
USE_NOTED_EVERY = timedelta(days=1)


class Subject(models.Model):
    """A person whose face is known: one with an account, or one whom a backend keeps with a service key."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subject", null=True, blank=True
    )
    public_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Known to backends."
    )
    external_id = models.CharField(
        max_length=128, null=True, blank=True, unique=True, help_text="What a backend calls the person."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    duplicates_due_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when the face waits to be compared with all others."
    )
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="When the face was last recognised, to a day."
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["duplicates_due_at"],
                condition=models.Q(duplicates_due_at__isnull=False),
                name="subject_duplicates_due",
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(user=None) | models.Q(external_id=None),
                name="subject_of_account_or_backend",
            )
        ]

    def __str__(self) -> str:
        return self.user.get_username() if self.user else self.external_id or f"subject {self.public_id}"

    def note_use(self) -> None:
        """Notes that the face was recognised, which keeps it. After the transaction, which has locked other rows."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_NOTED_EVERY:
            row = Subject.objects.filter(pk=self.pk)
            transaction.on_commit(lambda: row.update(last_used_at=now), robust=True)
