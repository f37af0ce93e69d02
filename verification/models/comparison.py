from typing import ClassVar

from verification.models.inquiry import Inquiry


class Comparison(Inquiry):
    """Are these two pictures of one person? Both are the caller's, so the caller may see the score."""

    PICTURES: ClassVar = ("image_a", "image_b")
