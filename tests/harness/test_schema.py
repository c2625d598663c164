"""A function's signature as a tool, and whether a reply fits a schema."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.harness.schema import fits, parse_reply, tool_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
VERDICT = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}


def test_plain_function_becomes_a_tool() -> None:
    def look(
        id: str, n: int, exact: bool = False, tags: list[str] | None = None, *, side: Literal["a", "b"] = "a"
    ) -> str:
        """Look it up.

        Quickly.
        """
        return ""

    assert tool_of(look) == {
        "name": "look",
        "description": "Look it up.\n\nQuickly.",
        "parameters": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "n": {"type": "integer"},
                "exact": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "side": {"enum": ["a", "b"]},
            },
            "required": ["id", "n"],
        },
    }


def test_hints_that_say_little_promise_little() -> None:
    def look(a, b: int | str, c: Any, d: Sequence[int], e: float | None, *args: int, f: dict[str, int], **more: int):  # type: ignore[no-untyped-def]  # noqa: ANN, UP045
        pass

    assert tool_of(look)["parameters"]["properties"] == {
        "a": {"type": "string"},
        "b": {},
        "c": {},
        "d": {},
        "e": {"type": "number"},
        "f": {"type": "object"},
    }


def test_bound_method_is_a_tool_without_its_self() -> None:
    class Desk:
        def look(self, id: str) -> str:
            return id

    assert tool_of(Desk().look)["parameters"]["required"] == ["id"]


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 7}',
        ' \n{"score": 7}\n',
        'Here it is:\n```json\n{"score": 7}\n```\nDone {really}.',
        'Well {"score": 7} it is.',
        '```\n{"score": 7}```',
    ],
)
def test_json_is_found_in_a_reply_however_it_is_wrapped(text: str) -> None:
    assert parse_reply(text, VERDICT) == {"score": 7}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "}{",
        '{"score": "7"}',
        '{"mark": 7}',
        '{"score": 7',
        "{" * 5000,
        "[" * 100_000,
        '{"score": ' + "9" * 5000 + "}",
    ],
)
def test_reply_that_does_not_fit_is_none(text: str) -> None:
    assert parse_reply(text, VERDICT) is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_none(number: str) -> None:
    assert parse_reply(f'{{"score": {number}}}', VERDICT) is None


@given(JSON)
def test_json_as_it_is_fits_a_schema_that_asks_for_nothing(value: Any) -> None:
    assert fits(value, {})
    assert parse_reply(json.dumps(value), {}) == value


@given(st.text())
def test_any_reply_is_answered_with_an_object_that_fits_or_none(text: str) -> None:
    found = parse_reply(text, VERDICT)
    assert found is None or fits(found, VERDICT)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (None, {"null"}),
        (True, {"boolean"}),
        (3, {"integer", "number"}),
        (3.5, {"number"}),
        ("3", {"string"}),
        ([3], {"array"}),
        ({}, {"object"}),
    ],
)
def test_every_value_has_its_types(value: Any, kinds: set[str]) -> None:
    every = ["null", "boolean", "integer", "number", "string", "array", "object"]
    assert {kind for kind in every if fits(value, {"type": kind})} == kinds
    assert fits(value, {"type": every})


@pytest.mark.parametrize(
    ("value", "schema", "fit"),
    [
        ("a", {"enum": ["a", "b"]}, True),
        ("c", {"enum": ["a", "b"]}, False),
        ([1, 2], {"items": {"type": "integer"}}, True),
        ([1, "2"], {"items": {"type": "integer"}}, False),
        ({"a": {"b": 1}}, {"properties": {"a": {"required": ["b"]}}}, True),
        ({"a": {"c": 1}}, {"properties": {"a": {"required": ["b"]}}}, False),
        ({"z": 1}, {"properties": {"a": {"type": "string"}}}, True),
    ],
)
def test_enum_items_and_properties_are_looked_at(value: Any, schema: dict[str, Any], fit: bool) -> None:
    assert fits(value, schema) is fit


def test_half_of_a_surrogate_pair_in_a_reply_is_replaced() -> None:
    schema = {"type": "object", "properties": {"reason": {"type": "string"}}}
    assert parse_reply(r'{"reason": "a\ud800b \ud83d\ude00"}', schema) == {"reason": "a\ufffdb \U0001f600"}
