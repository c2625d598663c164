"""The record of a session: no secret is in it, nothing breaks it, and it adds up."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from meta_reward.propose.secrets import HIDDEN, Secrets
from meta_reward.propose.session_summary import Summary, last_session_id, summarize
from meta_reward.propose.transcript import Transcript

VIEW = Path("/proposer/history")


def secrets(*values: str) -> Secrets:
    return Secrets({f"SECRET_{number}": value for number, value in enumerate(values)})


def result(session: str, cost: float, **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 2}
    return {"session_id": session, "total_cost_usd": cost, "num_turns": 3, "usage": usage, **more}


def test_secrets_are_hidden_wherever_they_stand(tmp_path: Path) -> None:
    transcript = Transcript(
        tmp_path / "t.jsonl", secrets=secrets("sk-secret-one", "sk-secret-one-longer", "", 'a "quoted" one')
    )
    text = 'sk-secret-one-longer, then xsk-secret-onex; a "quoted" one, {"a": "a \\"quoted\\" one"}'
    transcript.add("output", text=text, deep=[{"sk-secret-one": ("sk-secret-one", 'a "quoted" one')}])
    assert json.loads((tmp_path / "t.jsonl").read_text()) == {
        "type": "output",
        "seconds": 0.0,
        "text": f'{HIDDEN}, then x{HIDDEN}x; {HIDDEN}, {{"a": "{HIDDEN}"}}',
        "deep": [{HIDDEN: [HIDDEN, HIDDEN]}],
    }


def test_short_secret_is_hidden_as_a_word_and_a_switch_is_none(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl", secrets=secrets("hunter2", "1", "2048", "12345678", "true"))
    transcript.add("output", text="hunter2: the hunter2s of password=hunter2, true, 1 of 2048", cost=0.123456789)
    written = json.loads((tmp_path / "t.jsonl").read_text())
    assert written["text"] == f"{HIDDEN}: the hunter2s of password={HIDDEN}, true, 1 of 2048"
    assert written["cost"] == 0.123456789


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


def test_files_that_a_shells_commands_name_were_read(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")
    command = f"cd {VIEW}; cat candidates/c0002-x/harness.py '{VIEW}/ledger.jsonl'|wc; ls /etc candidates-of-others"
    transcript.add("decision", tool="Bash", input={"command": command}, refused="")
    transcript.add("decision", tool="Bash", input={"command": f"cat {VIEW}/README.md"}, refused="no")
    told = summarize(tmp_path / "t.jsonl", view=VIEW)
    assert told.files_read == (".", "candidates/c0002-x/harness.py", "ledger.jsonl")
    assert told.candidates == ("c0002",)


def used(call: str, output: int, cost: float | None) -> dict[str, Any]:
    tokens = {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 1}
    return {"call": call, "model": "m", **tokens, "output_tokens": output, "cost_usd": cost}


def test_calls_that_no_result_has_counted_are_counted_one_by_one(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")
    transcript.add("usage", **used("a", 7, 0.25))
    transcript.add("message", kind="ResultMessage", message=result("one", 0.5))
    for line in (used("b", 1, 0.125), used("b", 20, 0.25), used("c", 1, None)):
        transcript.add("usage", **line)
    told = summarize(tmp_path / "t.jsonl", view=VIEW)
    assert (told.turns, told.input_tokens, told.output_tokens, told.cost_usd) == (5, 47, 23, 0.75)


def test_calls_without_a_known_price_have_no_cost(tmp_path: Path) -> None:
    Transcript(tmp_path / "t.jsonl").add("usage", **used("a", 7, None))
    assert summarize(tmp_path / "t.jsonl", view=VIEW) == Summary(turns=1, input_tokens=16, output_tokens=7)


def test_call_of_a_tool_that_was_not_offered_is_refused_and_one_that_failed_is_not(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")
    transcript.add("decision", id="t1", tool="Read", input={}, refused="")
    transcript.add("decision", id="t2", tool="Read", input={}, refused="outside")
    results = [{"tool_use_id": id, "is_error": failed} for id, failed in (("t1", True), ("t2", True), ("t3", True))]
    transcript.add(
        "message", kind="UserMessage", message={"content": [*results, {"tool_use_id": "t4", "is_error": None}]}
    )
    transcript.add("message", kind="UserMessage", message={"content": "a text"})
    told = summarize(tmp_path / "t.jsonl", view=VIEW)
    assert (told.tool_calls, told.refused) == (3, 2)


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
