"""Conversations as people write them become trajectories, or one line that says why not."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import DataError
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory
from meta_reward.use.trajectories import Row, Shared, Unreadable, count_rows, read_trajectories, trajectory_of
from tests.use.conftest import messages, write_rows

SHARED = Shared("The usual.", (Tool("look"),))


def test_openai_messages_become_a_trajectory_with_its_own_policy() -> None:
    assert trajectory_of(messages(), SHARED) == Trajectory(
        "Be kind.",
        (Tool("look"),),
        (
            Message("user", "Where is my order?"),
            Message("assistant", "", (ToolCall("1", "get_order", {"order_id": "A1"}),)),
            Message("tool", '{"status": "sent"}', tool_call_id="1"),
            Message("assistant", "It was sent."),
        ),
    )


def test_what_a_row_does_not_say_comes_from_what_is_shared() -> None:
    row = {"messages": [{"role": "user", "content": "Hello."}]}
    assert trajectory_of(row, SHARED).policy == "The usual."
    assert trajectory_of({**row, "policy": "Own.", "tools": []}, SHARED) == Trajectory(
        "Own.", (), (Message("user", "Hello."),)
    )


def test_system_message_beside_another_policy_stays_a_message() -> None:
    read = trajectory_of({"policy": "Own.", "messages": messages()}, SHARED)
    assert (read.policy, read.messages[0]) == ("Own.", Message("system", "Be kind."))


def test_arguments_that_nothing_parses_stay_as_evidence() -> None:
    calls = [{"id": 1, "function": {"name": "f", "arguments": '{"a": '}}]
    read = trajectory_of([{"role": "assistant", "tool_calls": calls}], SHARED)
    assert read.messages[0].tool_calls == (ToolCall("1", "f", {"unparsed": '{"a": '}),)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "has no messages"),
        ([{"role": "system", "content": "Be kind."}], "has no messages"),
        ({"text": "hello"}, "has no field messages; it has text"),
        (None, "is of type NoneType, neither an object nor a list of messages"),
        ({"messages": "hello"}, "messages: is text that is not valid JSON, not a list of messages"),
        ([1], "messages, message 1: is 1, not a message"),
        ([{"role": "wizard", "content": ""}], "messages, message 1, role: is 'wizard', not one of"),
        ([{"role": "user", "content": 1}], "messages, message 1, content: is 1, neither text nor"),
        ([{"role": "user", "content": "\ud800"}], "holds what JSON cannot"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "a"}]}],
            "messages, message 1, tool_calls: has a tool call without a name",
        ),
        ([{"role": "assistant", "tool_calls": 3}], "messages, message 1, tool_calls: is 3, not a list"),
        ({"messages": messages(), "tools": 1}, "tools: is 1, not a list of tools"),
        ({"messages": messages(), "tools": [{"name": 3}]}, "tool 1: name is of type int, not text"),
        ({"messages": messages(), "policy": 3}, "policy: is 3, not text"),
    ],
)
def test_what_is_no_trajectory_says_why(data: Any, says: str) -> None:
    with pytest.raises(Unreadable) as raised:
        trajectory_of(data, SHARED)
    assert str(raised.value).startswith(says)


def test_deep_arguments_are_not_dug_into() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    call = {"id": "a", "function": {"name": "f", "arguments": deep}}
    read = trajectory_of([{"role": "assistant", "tool_calls": [call]}], SHARED)
    assert read.messages[0].tool_calls == (ToolCall("1", "f", {"unparsed": "(nested too deeply)"}),)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from("role content tool_calls tool_call_id function name arguments id type text".split())
odd_messages = st.lists(st.dictionaries(keys, json_values | st.sampled_from(["user", "tool", "assistant"])), max_size=3)


@given(st.fixed_dictionaries({"messages": odd_messages | json_values}, optional={"tools": json_values}) | json_values)
def test_any_value_is_a_trajectory_or_unreadable(data: Any) -> None:
    with suppress(Unreadable):
        assert trajectory_of(data, SHARED).messages


def test_every_line_of_a_file_is_a_row_in_order(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "r.jsonl", [{"id": "a", "task": 7, "messages": messages()}, "", "{", {"messages": messages()}]
    )
    read = trajectory_of(messages(), SHARED)
    assert list(read_trajectories(path, SHARED)) == [
        Row("r.jsonl, line 1", read, id="a", task="7"),
        Row("r.jsonl, line 3", None, "is not valid JSON: unexpected end of data"),
        Row("r.jsonl, line 4", read),
    ]
    assert count_rows(path) == 3


def test_rows_are_not_counted_where_a_line_is_no_run(tmp_path: Path) -> None:
    lines = [{"type": "user", "sessionId": "s", "message": {"role": "user", "content": str(n)}} for n in range(3)]
    path = write_rows(tmp_path / "session.jsonl", lines)
    assert len(list(read_trajectories(path, SHARED))) == 1
    assert count_rows(path) is None
    assert count_rows(path, format="labelled") == 3


@pytest.mark.parametrize(
    "text", ['[\n {"messages": []},\n {"messages": []}\n]', '[{"messages": []}, {"messages": []}]']
)
def test_entries_of_a_json_list_are_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    assert [row.place for row in read_trajectories(tmp_path / "r.json", SHARED)] == [
        "r.json, entry 1",
        "r.json, entry 2",
    ]


def test_terminal_escapes_in_a_problem_are_made_visible(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "r.jsonl", [{"\x1b[31mred": 1}])
    (row,) = read_trajectories(path, SHARED)
    assert row.problem == "has no field messages; it has \\x1b[31mred"


@pytest.mark.parametrize(("content", "says"), [(None, "no such file"), ("", "is empty"), (" \n", "is empty")])
def test_file_without_rows_is_one_line(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "r.jsonl").write_text(content)
    with pytest.raises(DataError, match=says):
        list(read_trajectories(tmp_path / "r.jsonl", SHARED))
