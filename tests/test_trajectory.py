"""The data types: their JSON form is lossless, and their text shows everything in its place."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.trajectory import (
    ROLES,
    Message,
    Tool,
    ToolCall,
    Trajectory,
    message_to_json,
    parse_message,
    parse_messages,
    parse_tool,
    parse_trajectory,
    render_call,
    trajectory_to_json,
)

TEXT = st.text(max_size=8)
ARGUMENTS = st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT, max_size=2) | st.none(), max_size=3)
CALLS = st.lists(st.builds(ToolCall, TEXT, TEXT, ARGUMENTS), max_size=2).map(tuple)
MESSAGES = st.builds(Message, st.sampled_from(ROLES), TEXT, CALLS, st.none() | TEXT, st.booleans())
TRAJECTORIES = st.builds(
    Trajectory,
    TEXT,
    st.lists(st.builds(Tool, TEXT, TEXT, ARGUMENTS), max_size=2).map(tuple),
    st.lists(MESSAGES, max_size=3).map(tuple),
)


@given(TRAJECTORIES)
def test_trajectory_comes_back_from_its_json_as_it_was(trajectory: Trajectory) -> None:
    assert parse_trajectory(json.loads(json.dumps(trajectory_to_json(trajectory)))) == trajectory


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda i: st.lists(i) | st.dictionaries(TEXT, i)))
def test_parsers_answer_any_json_with_a_value_or_a_value_error(data: Any) -> None:
    for parse in (parse_trajectory, parse_messages, parse_message, parse_tool):
        with contextlib.suppress(ValueError):
            parse(data)


def test_fields_at_their_default_are_left_out() -> None:
    assert message_to_json(Message("user", "hi")) == {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        (None, "messages is missing, not a list"),
        ({}, "messages is of type dict, not a list"),
        ([{"role": "user", "content": "x"}, {"role": "bot"}], "message 2: role is 'bot', not one of user, assistant"),
        ([{"role": "user", "content": 5}], "message 1: content is of type int, not text"),
        ([{"role": "user", "content": None}], "message 1: content is missing, not text"),
        ([{"role": "assistant", "tool_calls": [{"id": "1"}]}], "message 1: tool call name is missing, not text"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "1", "name": "f", "arguments": "{}"}]}],
            "message 1: tool call arguments is of type str, not an object",
        ),
        ([{"role": "tool", "tool_call_id": 7}], "message 1: tool_call_id is of type int, not text"),
    ],
)
def test_what_is_no_message_is_named_by_number_and_field(messages: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_messages(messages)


CONVERSATION = Trajectory(
    "",
    (),
    (
        Message("user", "Where is it?"),
        Message("assistant", "Let me see.", (ToolCall("a", "look", {"id": "é"}), ToolCall("b", "guess", {}))),
        Message("tool", "no such order", tool_call_id="a", is_error=True),
        Message("tool", "???", tool_call_id="z"),
        Message("assistant", ""),
    ),
)


def test_calls_come_in_order_with_the_message_that_answers_them() -> None:
    first, second = CONVERSATION.messages[1].tool_calls
    assert CONVERSATION.calls() == [(first, CONVERSATION.messages[2]), (second, None)]


def test_transcript_shows_every_message_with_calls_and_results_in_place() -> None:
    assert CONVERSATION.transcript() == (
        "[1] user: Where is it?\n\n"
        '[2] assistant: Let me see.\n[2] assistant calls look {"id": "é"}\n[2] assistant calls guess {}\n\n'
        "[3] error of look: no such order\n\n"
        "[4] result of unknown tool: ???\n\n"
        "[5] assistant:"
    )


@given(TRAJECTORIES)
def test_transcript_renders_any_trajectory_and_hides_no_text(trajectory: Trajectory) -> None:
    shown = trajectory.transcript()
    assert all(message.content in shown for message in trajectory.messages)


def test_call_renders_as_its_name_and_its_arguments() -> None:
    assert render_call(ToolCall("1", "cancel", {"id": "A1", "n": 2})) == 'cancel {"id": "A1", "n": 2}'
