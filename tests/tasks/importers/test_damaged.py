"""Damaged input ends in one clear error or in a task set that can be loaded, whatever the damage is."""

import contextlib
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_reward.errors import DataError, UsageError
from meta_reward.report.imported import render_check, render_import
from meta_reward.tasks.about import About
from meta_reward.tasks.check import check_task_set
from meta_reward.tasks.importers.assemble import Settings, assemble
from meta_reward.tasks.importers.collect import collect
from meta_reward.tasks.importers.record import Options
from meta_reward.tasks.importers.registry import FORMATS
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import load_task_set, save_task_set

SAID = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": [{"type": "text", "text": "Cancel A7."}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"id": "A7"}'}}],
    },
    {"role": "tool", "tool_call_id": "c", "content": "sent"},
]
BLOCKS = [
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "look", "input": {"id": "A7"}}]},
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": ""}]}],
    },
]
ITEMS = [
    {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "sent"},
]


def ending(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _tau2(number: int) -> dict[str, Any]:
    call = {"id": "c", "name": "look", "arguments": {"id": "A7"}, "requestor": "user"}
    messages = [{"role": "user", "content": None, "tool_calls": [call]}, ending(str(number))]
    return {
        "id": f"s{number}",
        "task_id": str(number // 2),
        "messages": messages,
        "reward_info": {"reward": number % 2},
    }


def _plan(number: int) -> dict[str, Any]:
    call = {"role": "tool_call", "content": "{'name': 'look', 'arguments': '{\"id\": \"it\\'s\"}'}"}
    said = [{"role": "user", "content": f"q{number}"}, call, {"role": "tool_response", "content": "ok", "name": "look"}]
    sides = {name: {"messages": [*said, ending(name)]} for name in ("chosen", "reject")}
    return {"query": f"q{number}", "tools": [{"type": "function", "function": {"name": "look"}}], **sides}


def _sample(number: int) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": "look", "arguments": {"id": "A7"}}
    server = {
        "type": "tool_use",
        "tool_type": "web_search",
        "id": "s",
        "name": "web",
        "arguments": '{"q": 1}',
        "result": "r",
    }
    messages = [
        SAID[0],
        {"role": "user", "content": "Cancel A7.", "source": "input"},
        {"role": "assistant", "content": [{"type": "reasoning", "reasoning": "hm"}, server], "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "function": "look", "content": "", "error": {"message": "no"}},
        ending(str(number)),
    ]
    events = [{"event": "model", "tools": [{"name": "look", "description": "d", "parameters": {"type": "object"}}]}]
    scores = {"match": {"value": "CI"[number % 2], "answer": "a"}}
    about = {"id": number // 2, "epoch": number % 2 + 1, "uuid": f"u{number}", "input": f"q{number // 2}"}
    return {**about, "messages": messages, "scores": scores, "events": events}


def _session(number: int) -> list[dict[str, Any]]:
    about = {"sessionId": f"s{number}", "isSidechain": False, "gitBranch": f"b{number // 2}"}
    said = [
        {"role": "user", "content": f"q{number // 2}"},
        {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "Let me look."}]},
        {"id": "m", **BLOCKS[0]},
        BLOCKS[1],
        {"id": "n", "role": "assistant", "content": [{"type": "text", "text": str(number)}]},
    ]
    return [{"type": message["role"], "message": message, **about} for message in said]


def _atif(number: int) -> dict[str, Any]:
    call = {"tool_call_id": "c", "function_name": "look", "arguments": {"id": "A7"}}
    steps = [
        {"step_id": 1, "source": "user", "message": "q"},
        {
            "step_id": 2,
            "source": "agent",
            "message": str(number),
            "tool_calls": [call],
            "observation": {"results": [{"source_call_id": "c", "content": [{"type": "text", "text": "sent"}]}]},
        },
    ]
    about = {"schema_version": "ATIF-v1.7", "session_id": f"s{number}", "agent": {"name": "a", "tool_definitions": []}}
    return {**about, "steps": steps, "extra": {"case": number // 2, "score": number % 2}}


def _result(number: int) -> dict[str, Any]:
    call = json.dumps({"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}})
    said = [{"role": "assistant", "content": "", "tool_calls": [call]}, SAID[3], ending(str(number))]
    about = {"example_id": number // 2, "reward": number % 2, "metrics": {"m": 0.5}}
    return {**about, "prompt": SAID[:2], "completion": said, "tool_defs": [{"name": "look"}]}


def _episode(number: int) -> dict[str, Any]:
    said = [
        SAID[1],
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "name": "look", "arguments": ""}]},
    ]
    nodes = [
        {"parent": n - 1 if n else None, "message": m} for n, m in enumerate([*said, SAID[3], ending(str(number))])
    ]
    trace = {
        "id": f"t{number}",
        "task": {"type": "T", "data": {"idx": 0}},
        "agent": {"name": "agent"},
        "nodes": nodes,
        "rewards": {"r": {"score": number, "weight": 0.5}},
        "ok": True,
    }
    return {"id": f"e{number}", "env": {"id": "e"}, "traces": [trace]}


def _trace(number: int) -> dict[str, Any]:
    def span(kind: str, start: int, given: Any, gave: Any) -> dict[str, Any]:
        values = {"Type": kind, "Inputs": given, "Outputs": gave}
        attributes = {f"mlflow.span{name}": json.dumps(value) for name, value in values.items()}
        return {
            "name": "look",
            "start_time_unix_nano": start,
            "parent_span_id": start or None,
            "attributes": attributes,
        }

    spans = [
        span("AGENT", 0, {"q": f"q{number // 2}"}, str(number)),
        span("TOOL", 1, {"id": "A7"}, "sent"),
        span("CHAT_MODEL", 2, {"messages": SAID}, {"choices": [{"message": ending(str(number))}]}),
    ]
    source = {"source_type": "HUMAN", "source_id": "ann"}
    vote = {"assessment_name": "good", "source": source, "feedback": {"value": number % 2 == 1}, "valid": True}
    del spans[2 if number % 4 < 2 else 1]
    return {"info": {"trace_id": f"tr-{number}", "assessments": [vote]}, "data": {"spans": spans}}


FILES: dict[str, Any] = {
    "labelled": [
        {"task": n // 2, "label": n % 2, "messages": [*SAID, *BLOCKS, *ITEMS, ending(str(n))], "policy": "P", "id": n}
        for n in range(8)
    ],
    "pairs": [
        {"chosen": [*SAID, ending(f"a{n}")], "rejected": {"messages": [*SAID, ending("b")]}, "annotator": "ann"}
        for n in range(4)
    ],
    "ranked": [
        {"ranked": [[*SAID, ending(f"a{n}")], {"messages": [*SAID, ending("b")]}, [*SAID, ending("c")]]}
        for n in range(4)
    ],
    "tau-bench": [
        {"task_id": n // 2, "trial": n % 2, "reward": n % 2, "info": {}, "traj": [*SAID, ending(str(n))]}
        for n in range(8)
    ],
    "tau2-bench": {
        "info": {"environment_info": {"policy": "P", "tool_defs": None}},
        "tasks": [{"id": str(n), "user_scenario": {"instructions": "i"}, "evaluation_criteria": {}} for n in range(4)],
        "simulations": [_tau2(n) for n in range(8)],
    },
    "plan-rewardbench": [_plan(n) for n in range(4)],
    "inspect": {"version": 2, "eval": {"task": "sums"}, "samples": [_sample(n) for n in range(8)]},
    "claude-code": [line for n in range(8) for line in _session(n)],
    "atif": [_atif(n) for n in range(8)],
    "verifiers": [*(_result(n) for n in range(6)), *(_episode(n) for n in range(2))],
    "mlflow": [_trace(n) for n in range(8)],
}
KEYS = {"atif": Options("extra.case", "extra.score"), "claude-code": Options("gitBranch")}
"""Where a format has neither tasks nor labels of its own."""
DEEP: Any = 0
for _ in range(200):
    DEEP = {"a": [DEEP]}
ODD = [
    None,
    True,
    5,
    -1,
    1e300,
    10**40,
    "",
    "x",
    "\x1b[2J",
    "../../x",
    "\u202e",
    "\x00",
    [],
    {},
    [[]],
    [None],
    [{}],
    DEEP,
]
ODD += [{"type": "text"}, {"type": "tool_use"}, {"role": "tool"}, {"name": 5}, "{", '{"a":', "NaN", "[1]", "9" * 5000]


def paths_in(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, item in inner for path in paths_in(item, (*here, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with what is at a path replaced."""
    if not path:
        return new
    key, *rest = path
    if isinstance(value, list):
        return [replaced(item, tuple(rest), new) if at == key else item for at, item in enumerate(value)]
    return {k: replaced(v, tuple(rest), new) if k == key else v for k, v in value.items()}


def without(value: Any, path: tuple[Any, ...]) -> Any:
    if len(path) == 1:
        if isinstance(value, list):
            return [item for at, item in enumerate(value) if at != path[0]]
        return {k: v for k, v in value.items() if k != path[0]}
    inner = value[path[0]]
    return replaced(value, path[:1], without(inner, path[1:]))


def imported(content: bytes, suffix: str, format: str | None, *, skip_errors: bool) -> None:
    """Import a file as the command does; only clear errors may come of it."""
    with TemporaryDirectory() as name:
        source, path = Path(name) / f"x{suffix}", Path(name) / "set"
        source.write_bytes(content)
        try:
            found = collect([source], KEYS.get(format or "", Options()), format=format, skip_errors=skip_errors)
        except (DataError, UsageError):
            return
        made = assemble(found, Settings())
        if not made.pairs:
            return
        rollouts = made.rollouts.values()
        division = division_of_new(path, "set", rollouts, made.pairs)
        save_task_set(
            path, About("set"), policy=made.policy, tools=made.tools, rollouts=rollouts, pairs=made.pairs,
            division=division, annotations=made.annotations,
        )  # fmt: skip
        loaded = load_task_set(path)
        assert loaded.rollouts == made.rollouts
        assert list(loaded.pairs) == made.pairs
        check = check_task_set(loaded, made.annotations)
        assert "\n".join([*render_import(found, made, loaded, grown=False), *render_check(check)])


def as_bytes(data: Any) -> bytes:
    return json.dumps(data).encode()


@pytest.mark.parametrize("format", FORMATS)
def test_undamaged_file_comes_in(format: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(as_bytes(FILES[format]))
    found = collect([tmp_path / "x.json"], KEYS.get(format, Options()))
    pairs = assemble(found, Settings()).pairs
    assert (found.formats, len(pairs)) == ([format], {"claude-code": 0, "ranked": 9}.get(format, 4))


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_field_may_be_anything(format: str, data: st.DataObject) -> None:
    whole = FILES[format]
    for _ in range(data.draw(st.integers(1, 3))):
        places = [path for path in paths_in(whole) if path]
        path = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()):
            whole = replaced(whole, path, data.draw(st.sampled_from(ODD)))
        else:
            whole = without(whole, path)
        if not isinstance(whole, dict | list) or not whole:
            break
    with contextlib.suppress(RecursionError):  # of the test's own json
        content = as_bytes(whole)
        imported(content, ".json", data.draw(st.sampled_from([None, format])), skip_errors=data.draw(st.booleans()))


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv"])
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_may_be_in_a_file(suffix: str, data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(FORMATS))
    rows = FILES[format] if isinstance(FILES[format], list) else [FILES[format]]
    content = b"\n".join(map(as_bytes, rows))
    if suffix in (".csv", ".tsv"):
        content = b"task,messages,label\n" + b"\n".join(b'1,"[]",%d' % n for n in range(9))
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    for _ in range(rng.randint(0, 4)):
        at, junk = (
            rng.randrange(len(content) + 1),
            bytes(rng.choices(b'\x00\xff\n\r"{}[],:\\u1e9', k=rng.randint(0, 5))),
        )
        content = content[:at] + junk + content[at + rng.randint(0, 30) :]
    imported(content, suffix, data.draw(st.sampled_from([None, *FORMATS])), skip_errors=data.draw(st.booleans()))


@given(st.binary(max_size=200), st.sampled_from([".jsonl", ".csv"]), st.sampled_from([None, *FORMATS]))
def test_what_is_no_file_of_any_format_is_an_error(content: bytes, suffix: str, format: str | None) -> None:
    imported(content, suffix, format, skip_errors=True)
