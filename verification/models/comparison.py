from typing import ClassVar

from django.db import models

from verification.models.inquiry import Inquiry


class Comparison(Inquiry):
    """Are these two pictures of one person? Both are the caller's, so the caller may see the score."""

    PICTURES: ClassVar = ("image_a", "image_b")

    class Meta(Inquiry.Meta):
        constraints: ClassVar = [
            *Inquiry.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(owner=None, service_key=None), name="comparison_has_an_asker"
            ),
        ]
