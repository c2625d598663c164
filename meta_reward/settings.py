"""Settings as dataclasses: each field is a key of a table, checked against its type and what it declares.

    @dataclass(frozen=True, slots=True)
    class Sampling:
        model: str = ""
        effort: str = setting("low", choices=("low", "high"))
        draws: int = setting(1, least=1)

    parse_table(Sampling, {"draws": 3})

A field may be a text, a number, a bool, a table of any content (`dict`), a list of names (`tuple[str, ...]`) or
another such dataclass. Errors say which key and what is wrong; the caller, who knows the file, puts that into words.
"""

import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")
_RULE = "rule"
_TYPE_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    tuple: "a list of names",
}


class BadSetting(Exception):
    """A value that cannot be. key: dotted, such as `limits.iterations`. what: `is 'many'`. hint: what to do."""

    def __init__(self, what: str, *, key: str = "", hint: str = "") -> None:
        self.key, self.what, self.hint = key, what, hint
        super().__init__(f"{key} {what}")


class UnknownSetting(BadSetting):
    """A key that a table does not have. table: its dotted name, empty for the outermost."""

    def __init__(self, key: str, *, table: str, known: Collection[str]) -> None:
        self.table = table
        super().__init__("is unknown", key=key, hint=f"known: {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field asks of its value beside the type."""

    choices: tuple[object, ...] = ()
    """The values it may have; empty for any."""
    least: float = 0
    """The smallest number."""
    above: float | None = None
    """A number that must be exceeded; None if there is none."""
    check: Callable[[Any], None] | None = None
    """Raises BadSetting for a value that cannot be, for reasons of its own."""


def setting(
    default: _T,
    *,
    choices: tuple[object, ...] = (),
    least: float = 0,
    above: float | None = None,
    check: Callable[[Any], None] | None = None,
) -> _T:
    """A field with this default and a rule."""
    made: Any = field(default=default, metadata={_RULE: Rule(choices, least, above, check)})
    return typing.cast(_T, made)


def parse_table(kind: type[_T], data: Mapping[str, Any], *, table: str = "", without: Collection[str] = ()) -> _T:
    """A settings dataclass from a table. without: names of fields that cannot be set here.

    Raises UnknownSetting and BadSetting.
    """
    declared: Any = kind
    hints = typing.get_type_hints(kind)
    items = {item.name: item for item in fields(declared) if item.name not in without}
    if unknown := sorted(set(data) - set(items)):
        raise UnknownSetting(unknown[0], table=table, known=items)
    values = {}
    for name in (name for name in items if name in data):
        rule = items[name].metadata.get(_RULE, Rule())
        values[name] = _value(data[name], hints[name], rule, f"{table}.{name}".strip("."))
    return kind(**values)


def _value(value: Any, hint: Any, rule: Rule, key: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise BadSetting("is not a table", key=key)
        return parse_table(typing.cast(type[Any], hint), value, table=key)
    if not _is_of(value, hint):
        raise BadSetting(f"is {value!r}", key=key, hint=f"it should be {_type_name(hint)}")
    try:
        _check(value, rule)
    except BadSetting as error:
        raise BadSetting(error.what, key=key, hint=error.hint) from None
    if isinstance(value, list):
        return tuple(value)
    # Not where None is allowed too: what is sent to a judge is part of cache keys as it was given.
    return float(value) if hint is float else value


def _check(value: Any, rule: Rule) -> None:
    if rule.check is not None:
        rule.check(value)
    if rule.choices and value is not None and value not in rule.choices:
        raise BadSetting(f"is {value!r}, not one of {', '.join(map(repr, rule.choices))}")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise BadSetting(f"is {value!r}, which is not a finite number")
        if rule.above is not None and value <= rule.above:
            raise BadSetting(f"is {value!r}, and must be above {rule.above:g}")
        if value < rule.least:
            raise BadSetting(f"is {value!r}, and must be at least {rule.least:g}")


def _is_of(value: Any, hint: Any) -> bool:
    """Whether a value has the type of a hint. A whole number is a number, and a bool is neither."""
    allowed = [typing.get_origin(part) or part for part in _parts(hint)]
    if isinstance(value, bool):
        return bool in allowed
    if tuple in allowed and isinstance(value, list | tuple):
        return all(isinstance(name, str) for name in value)
    return isinstance(value, tuple(allowed)) or (float in allowed and isinstance(value, int))


def _parts(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _type_name(hint: Any) -> str:
    kinds = [typing.get_origin(part) or part for part in _parts(hint)]
    return " or ".join(_TYPE_NAMES[kind] for kind in kinds if kind is not types.NoneType)
