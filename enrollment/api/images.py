"""Pictures in requests: as files of a form, or in base64 in JSON."""

import base64
import binascii
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

DATA_URI = ";base64,"
MOST_IMAGES = 10


class UploadField(serializers.FileField):
    """A file, or its content in base64, with or without `data:…;base64,` before it. What is in it is judged later."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_empty_file=True, **options)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            data = SimpleUploadedFile("file", _decoded(data))
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "binary"})
class ImageField(UploadField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "JPEG, PNG or WebP, at most 5 MB; in JSON its base64.")
        super().__init__(**options)


class ImagesField(serializers.ListField):
    """One picture or several under one name; in JSON a list of strings or, if `single`, a string."""

    def __init__(self, *, max_length: int = MOST_IMAGES, single: bool = True, **options: Any) -> None:
        self.single = single
        super().__init__(child=ImageField(), min_length=1, max_length=max_length, **options)

    def get_value(self, dictionary: Any) -> Any:
        if isinstance(dictionary, QueryDict):  # a form: a repeated field
            return dictionary.getlist(self.field_name or "") or empty
        return super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> list[Any]:
        files: list[Any] = super().to_internal_value(
            [data] if self.single and isinstance(data, str) else data
        )
        return files


def _decoded(text: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(DATA_URI)[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise serializers.ValidationError("Expected a file, or its content in base64.") from error
