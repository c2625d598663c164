"""Dataclasses from their JSON form; every field is checked against its type, at any depth.

    parse_record(Interval, {"mean": 0.5, "low": None, "high": None})

A field may be a text, a number, a bool, None, another record, or a tuple, list or dict of these. Unknown keys are
ignored, so that older versions can read what newer ones wrote.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

_T = TypeVar("_T")


def parse_record(kind: type[_T], data: Any) -> _T:
    """A record of class `kind`. Raises TypeError that names a missing field, or one of the wrong type."""
    return typing.cast(_T, _parse(kind, data, kind.__name__))


def _parse(hint: Any, value: Any, place: str) -> Any:
    if isinstance(hint, types.UnionType):
        parts = typing.get_args(hint)
        if value is None and types.NoneType in parts:
            return None
        (hint,) = (part for part in parts if part is not types.NoneType)
    container, inner = typing.get_origin(hint), typing.get_args(hint)
    if container is dict and isinstance(value, Mapping):
        return {name: _parse(inner[1], one, f"{place}.{name}") for name, one in value.items()}
    if container in (list, tuple) and isinstance(value, list | tuple):
        return container(_parse(inner[0], one, f"{place}[{number}]") for number, one in enumerate(value))
    if is_dataclass(hint) and isinstance(value, Mapping):
        return _record(hint, value, place)
    if container is None and _is_of(value, hint):
        return value
    raise TypeError(f"{place} is {value!r:.60}")


def _record(kind: Any, data: Mapping[str, Any], place: str) -> Any:
    missing = [item.name for item in fields(kind) if item.name not in data and item.default is MISSING]
    if missing:
        raise TypeError(f"{place} has no {missing[0]}")
    return kind(**{name: _parse(hint, data[name], f"{place}.{name}") for name, hint in _hints(kind) if name in data})


@cache
def _hints(kind: type) -> list[tuple[str, Any]]:
    return list(typing.get_type_hints(kind).items())


def _is_of(value: Any, hint: Any) -> bool:
    """Whether a value has a type. An int also counts as a float; a bool counts as neither."""
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, hint) or (hint is float and isinstance(value, int))
