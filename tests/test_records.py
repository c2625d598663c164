"""Records from JSON: what was written comes back, and a field of another type is named."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from meta_reward.records import parse_record


@dataclass(frozen=True, slots=True)
class Size:
    mean: float
    low: float | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    sound: bool
    pairs: int
    whole: Size | None
    parts: dict[str, Size]
    each: tuple[Size, ...] = ()
    names: list[str] | None = None


WHOLE = Measured("a", True, 2, Size(1.5, None), {"x": Size(1.0, 0.5, "few")}, (Size(0.0, 0.0),), ["b"])
DATA: dict[str, Any] = json.loads(json.dumps(asdict(WHOLE)))


def test_record_comes_back_from_its_json() -> None:
    assert parse_record(Measured, DATA) == WHOLE


def test_fields_with_a_default_may_be_missing_and_others_may_be_there() -> None:
    data = {name: value for name, value in DATA.items() if name not in ("each", "names")} | {"schema": 1, "whole": None}
    assert parse_record(Measured, data) == Measured("a", True, 2, None, WHOLE.parts)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", 5, "Measured.name is 5"),
        ("sound", 1, "Measured.sound is 1"),
        ("pairs", True, "Measured.pairs is True"),
        ("pairs", 2.5, "Measured.pairs is 2.5"),
        ("whole", [], "Measured.whole is []"),
        ("whole", {"mean": "much", "low": None}, "Measured.whole.mean is 'much'"),
        ("whole", {"mean": 1}, "Measured.whole has no low"),
        ("parts", {"x": None}, "Measured.parts.x is None"),
        ("each", [{"mean": None, "low": 1}], "Measured.each[0].mean is None"),
        ("names", "b", "Measured.names is 'b'"),
    ],
)
def test_field_of_another_type_is_named(field: str, value: Any, said: str) -> None:
    with pytest.raises(TypeError) as raised:
        parse_record(Measured, {**DATA, field: value})
    assert str(raised.value) == said


def test_what_is_no_object_is_no_record() -> None:
    with pytest.raises(TypeError, match=r"Measured is \[\]"):
        parse_record(Measured, [])
