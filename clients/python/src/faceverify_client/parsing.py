"""From JSON to frozen dataclasses, by their annotations."""

import dataclasses
import types
import typing
from datetime import datetime
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def build(kind: type[Answer], data: Any) -> Answer:
    """An answer of this kind. Fields that this version does not know are left out."""
    hints = typing.get_type_hints(kind)
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], data[name]) for name in fields if name in data})


def _value(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if value is None:
        return None
    if typing.get_origin(hint) is tuple:
        return tuple(_value(typing.get_args(hint)[0], item) for item in value)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type[Any], hint), value)
    return datetime.fromisoformat(value) if hint is datetime else value
