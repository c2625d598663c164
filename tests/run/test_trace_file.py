"""The trace of a trajectory: what is repeated stands in it once, and programs read it whole."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import DataError
from meta_reward.evaluation.records import CallRecord, record_to_json
from meta_reward.files import as_lines, dump_json, write_json
from meta_reward.run.trace_file import load_trace, render_trace
from tests.run.test_evaluations import CALL, UNIT

REFERENCE = {"same_as": "call 1, message 1, lines 2-3"}
LONG = "a line that is long enough to be worth a reference to it " * 4
LINE = st.sampled_from(["", " ", "Rate.", LONG, LONG + ".", str(REFERENCE), '{"same_as": "call 1, system, lines 1-1"}'])
TEXT = st.lists(LINE | st.text(max_size=3), min_size=1, max_size=12).map("\n".join)


def asking(*contents: str, system: str | None = None) -> CallRecord:
    return replace(CALL, system=system, messages=[{"role": "user", "content": content} for content in contents])


@given(st.lists(st.builds(lambda texts, system: asking(*texts, system=system), st.lists(TEXT, max_size=3), TEXT)))
def test_every_trace_is_read_back_as_it_was(calls: list[CallRecord]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t1-r1.json"
        write_json(path, render_trace(replace(UNIT, calls=calls)))
        stored = path.read_text()
        assert load_trace(path)["calls"] == [as_lines(record_to_json(call)) for call in calls]
        lines = {line for call in calls for message in call.messages for line in message["content"].split("\n")}
        assert not [line for line in lines if dump_json(line).decode().strip() not in stored]


def test_lines_that_an_earlier_prompt_has_are_referred_to() -> None:
    shown = ["## Run", LONG, "", LONG + "!", "", "The end."]
    asked = [asking("\n".join([*shown, question]), system=f"Be fair.\n{LONG}") for question in ("Good?", "Bad?")]
    first, second = render_trace(replace(UNIT, calls=asked))["calls"]
    assert first["system"] == ["Be fair.", LONG]
    assert first["messages"][0]["content"] == ["## Run", {"same_as": "call 1, system, lines 2-2"}, *shown[2:], "Good?"]
    assert second["system"] == [{"same_as": "call 1, system, lines 1-2"}]
    assert second["messages"][0]["content"] == [
        "## Run",
        {"same_as": "call 1, system, lines 2-2"},
        {"same_as": "call 1, message 1, lines 3-6"},
        "Bad?",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {},
        {"same_as": 1},
        {"same_as": "call 1"},
        {"same_as": "call 1, message 1, lines 0-1"},
        {"same_as": "call 1, message 1, lines 2-9"},
        {"same_as": "call 1, message 1, lines 3-3"},
        {"same_as": "call 9, message 1, lines 1-2"},
    ],
)
def test_reference_to_lines_that_are_not_there_is_damage(tmp_path: Path, entry: Any) -> None:
    path = tmp_path / "t1-r1.json"
    write_json(path, {"calls": [{"system": None, "messages": [{"content": ["one", "two", entry]}]}]})
    with pytest.raises(DataError, match=r"t1-r1\.json"):
        load_trace(path)


def test_messages_that_calls_share_stand_in_a_trace_once_and_are_read_back_whole(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "Rate it.\nNow."}
    more = [{"role": "assistant", "content": "I look."}, {"role": "tool", "content": "nothing"}]
    turn = replace(CALL, messages=[asked])
    calls = [turn, replace(turn, turn=2, messages=[asked, *more]), replace(turn, ask=2, draw=1), replace(CALL, ask=3)]
    trace = render_trace(replace(UNIT, calls=calls))
    write_json(tmp_path / "t1-r1.json", trace)
    assert [(call.get("begins_like_call"), len(call["messages"])) for call in trace["calls"]] == [
        (None, 1),
        (1, 2),
        (1, 0),
        (None, 1),
    ]
    assert load_trace(tmp_path / "t1-r1.json")["calls"] == [as_lines(record_to_json(call)) for call in calls]


def test_trace_shows_texts_line_by_line() -> None:
    assert render_trace(UNIT) == {
        "schema": 1,
        "trajectory": "t1-r1",
        "task": "t1",
        "calls": [
            {
                "ask": 1,
                "turn": 1,
                "draw": 0,
                "system": None,
                "messages": [{"role": "user", "content": ["Rate.", "It."]}],
                "tools": [],
                "require": None,
                "schema": None,
                "reply": ["90", ""],
                "tool_calls": [],
                "stop_reason": "end",
            }
        ],
        "reward": {"score": 90.1, "reason": ["good", "work"], "findings": {"a": [1]}},
        "error": None,
    }
