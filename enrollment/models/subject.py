from django.conf import settings
from django.db import models


class Subject(models.Model):
    """A person whose face is known, with or without a login."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subject", null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.user.get_username() if self.user else f"subject {self.pk}"
