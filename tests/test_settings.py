"""Settings from tables: values are checked by type and by what their field declares, and errors name the key."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from meta_reward.settings import BadSetting, UnknownSetting, parse_table, setting


def even(value: int) -> None:
    """A rule of a field's own."""
    if value % 2:
        raise BadSetting(f"is {value}, which is odd", hint="add one")


@dataclass(frozen=True, slots=True)
class Inner:
    share: float = setting(0.5, above=0)
    level: str | None = setting(None, choices=("low", "high"))


@dataclass(frozen=True, slots=True)
class Outer:
    draws: int = setting(2, least=1, check=even)
    limit: float | None = None
    names: tuple[str, ...] = ()
    loud: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)


def test_values_come_over_the_defaults_and_lists_become_tuples() -> None:
    table = {"draws": 4, "names": ["a", "b"], "extra": {"x": [1]}, "inner": {"share": 1, "level": "low"}}
    assert parse_table(Outer, table) == Outer(4, None, ("a", "b"), False, {"x": [1]}, Inner(1.0, "low"))
    assert parse_table(Outer, {}) == Outer()


def test_whole_number_becomes_a_float_unless_none_is_allowed_too() -> None:
    found = parse_table(Outer, {"limit": 1, "inner": {"share": 1}})
    assert (type(found.limit), type(found.inner.share)) == (int, float)


@pytest.mark.parametrize(
    ("table", "key", "what", "hint"),
    [
        ({"draws": "two"}, "draws", "is 'two'", "it should be a whole number"),
        ({"draws": True}, "draws", "is True", "it should be a whole number"),
        ({"loud": 1}, "loud", "is 1", "it should be true or false"),
        ({"names": "a"}, "names", "is 'a'", "it should be a list of names"),
        ({"names": [5]}, "names", "is [5]", "it should be a list of names"),
        ({"limit": "none"}, "limit", "is 'none'", "it should be a number"),
        ({"inner": 5}, "inner", "is not a table", ""),
        ({"inner": {"share": 0}}, "inner.share", "is 0, and must be above 0", ""),
        ({"inner": {"level": "mid"}}, "inner.level", "is 'mid', not one of 'low', 'high'", ""),
        ({"limit": float("nan")}, "limit", "is nan, which is not a finite number", ""),
        ({"limit": -1}, "limit", "is -1, and must be at least 0", ""),
        ({"draws": 0}, "draws", "is 0, and must be at least 1", ""),
        ({"draws": 3}, "draws", "is 3, which is odd", "add one"),
    ],
)
def test_value_that_cannot_be_is_named_by_its_key(table: dict[str, Any], key: str, what: str, hint: str) -> None:
    with pytest.raises(BadSetting) as found:
        parse_table(Outer, table)
    assert (found.value.key, found.value.what, found.value.hint) == (key, what, hint)


def test_unknown_key_is_named_with_its_table_and_what_is_known() -> None:
    with pytest.raises(UnknownSetting) as found:
        parse_table(Outer, {"inner": {"shore": 1}})
    assert (found.value.key, found.value.table, found.value.hint) == ("shore", "inner", "known: share, level")


def test_field_that_is_left_out_is_unknown() -> None:
    with pytest.raises(UnknownSetting):
        parse_table(Inner, {"level": "low"}, without=("level",))
