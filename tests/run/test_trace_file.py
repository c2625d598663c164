"""The trace of a trajectory: what is repeated stands in it once, and programs read it whole."""

from dataclasses import asdict, replace
from pathlib import Path

from meta_reward.files import as_lines, write_json
from meta_reward.run.trace_file import load_trace, render_trace
from tests.run.test_evaluations import CALL, UNIT


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
    assert load_trace(tmp_path / "t1-r1.json")["calls"] == [as_lines(asdict(call)) for call in calls]


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
