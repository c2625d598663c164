"""Texts and arguments from outside: whatever comes in can be encoded and written down."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meta_reward import files
from meta_reward.completion import is_unreadable
from meta_reward.harness.schema import fits
from meta_reward.models.providers.normalize import arguments_of, closed, encodable, is_strict, with_own_ids
from meta_reward.trajectory import ToolCall

ANY_TEXT = st.text(st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)


@given(ANY_TEXT)
def test_fixed_text_can_be_encoded_and_stays_what_it_was_if_it_could(text: str) -> None:
    fixed = encodable(text)
    fixed.encode()
    if not any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        assert fixed == text


@given(JSON)
def test_arguments_are_an_object_that_our_files_can_hold_or_marked_as_unreadable(value: Any) -> None:
    for arguments in (arguments_of(value), arguments_of(json.dumps(value))):
        assert isinstance(arguments, dict)
        files.dump_json(arguments)
        files.canonical_json(arguments)


@given(st.dictionaries(st.text(min_size=1), st.integers(-(2**60), 2**60) | st.text() | st.booleans() | st.none()))
def test_arguments_that_can_be_read_are_read(value: dict[str, Any]) -> None:
    assert arguments_of(json.dumps(value)) == arguments_of(value) == value
    assert not is_unreadable(ToolCall("1", "look", value))


def test_closed_schema_allows_no_more_than_the_original() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": inner}}, "required": ["list"]}
    shut = closed(schema)
    assert shut["additionalProperties"] is shut["properties"]["list"]["items"]["additionalProperties"] is False
    assert is_strict(shut)
    assert not is_strict(schema)
    assert fits({"list": [{"a": 1}]}, shut)
    assert "additionalProperties" not in schema
    assert closed({"enum": [{"type": "object", "properties": {}}]}) == {"enum": [{"type": "object", "properties": {}}]}


def test_open_object_stays_open() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": True}
    assert closed(schema) == schema
    assert not is_strict(schema)


def test_calls_without_ids_or_with_the_same_twice_get_their_own() -> None:
    calls = with_own_ids([ToolCall("", "a", {}), ToolCall("x", "b", {}), ToolCall("x", "c", {})], 3)
    assert [(call.id, call.name) for call in calls] == [("call_3_1", "a"), ("x", "b"), ("call_3_3", "c")]
