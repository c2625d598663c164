"""The record of a session: no secret is in it, nothing breaks it, and it adds up."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from meta_reward.propose.transcript import HIDDEN, Summary, Transcript, last_session_id, summarize

VIEW = Path("/proposer/history")


def result(session: str, cost: float, **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 2}
    return {"session_id": session, "total_cost_usd": cost, "num_turns": 3, "usage": usage, **more}


def test_secrets_are_hidden_wherever_they_stand(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl", secrets=["sk-secret-one", "sk-secret-one-longer", "", "short"])
    transcript.add(
        "output", text="sk-secret-one-longer, then sk-secret-one; a short word", deep=[{"x": ("sk-secret-one",)}]
    )
    written = (tmp_path / "t.jsonl").read_text()
    assert "secret" not in written
    assert f"{HIDDEN}, then {HIDDEN}; a short word" in written


@pytest.mark.parametrize(
    "value", ["\ud800 half", "\x00\x1b[31m", math.nan, math.inf, 10**30, {1: 2}, {"p": Path("x")}, b"bytes", object()]
)
def test_whatever_happens_is_one_line(tmp_path: Path, value: Any) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")
    transcript.add("message", value=value)
    transcript.add("end", status="ended", reason="")
    lines = (tmp_path / "t.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["message", "end"]


def test_what_is_nested_beyond_reason_is_named(tmp_path: Path) -> None:
    value: Any = []
    for _ in range(5000):
        value = [value]
    Transcript(tmp_path / "t.jsonl").add("message", value=value)
    assert "unreadable" in json.loads((tmp_path / "t.jsonl").read_text())


def test_session_adds_up_and_one_that_was_resumed_counts_its_cost_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    transcript = Transcript(path)
    transcript.add("begin", runs="m", jail="tools")
    harness = f"{VIEW}/candidates/c0012-x/harness.py"
    for tool, given, refused in [
        ("Read", {"file_path": f"{VIEW}/ledger.jsonl"}, ""),
        ("Grep", {"path": f"{VIEW}/candidates/c0003-y/traces"}, ""),
        ("Read", {"file_path": harness}, ""),
        ("Read", {"file_path": harness}, ""),
        ("Read", {"file_path": "/proposer/staging/mine/harness.py"}, ""),
        ("Read", {"file_path": f"{VIEW}/../sealed/candidates/c0099"}, "outside"),
        ("Write", {"file_path": f"{VIEW}/x"}, "outside"),
    ]:
        transcript.add("decision", tool=tool, input=given, refused=refused)
    transcript.add("message", kind="ResultMessage", message=result("one", 0.5))
    transcript.add("begin", runs="m", jail="tools")
    transcript.add("message", kind="ResultMessage", message=result("one", 0.75))
    transcript.add("end", status="timed out", reason="too slow")
    assert summarize(path, view=VIEW) == Summary(
        jail="tools",
        status="timed out",
        reason="too slow",
        minutes=0.0,
        turns=6,
        input_tokens=30,
        output_tokens=4,
        cost_usd=0.75,
        tool_calls=7,
        refused=2,
        files_read=("ledger.jsonl", "candidates/c0003-y/traces", "candidates/c0012-x/harness.py"),
        candidates=("c0003", "c0012"),
    )
    assert last_session_id(path) == "one"


def test_time_is_that_of_each_part_and_the_end_adds_none(tmp_path: Path) -> None:
    lines = [
        {"type": "begin", "seconds": 0.0, "jail": "none"},
        {"type": "output", "seconds": 90.0, "text": ""},
        {"type": "begin", "seconds": 0.0, "jail": "none"},
        {"type": "output", "seconds": 30.0, "text": ""},
        {"type": "end", "seconds": 0.0, "status": "ended", "reason": ""},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert summarize(tmp_path / "t.jsonl", view=VIEW).minutes == 2.0


def test_session_that_was_killed_has_told_so_far(tmp_path: Path) -> None:
    Transcript(tmp_path / "t.jsonl").add("begin", runs="m", jail="tools")
    with (tmp_path / "t.jsonl").open("a") as file:
        file.write('{"type": "message", "kind": "Res')
    assert summarize(tmp_path / "t.jsonl", view=VIEW) == Summary(jail="tools")
    assert summarize(tmp_path / "none.jsonl", view=VIEW) == Summary()
    assert last_session_id(tmp_path / "t.jsonl") is None
