"""τ-bench results: messages and labels are taken over, expected actions are not."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError
from meta_reward.tasks.importers.assemble import Assembled, Settings, assemble
from meta_reward.tasks.importers.collect import check_not_empty, collect
from meta_reward.tasks.importers.record import Options
from meta_reward.tasks.importers.tools import load_tools
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.trajectory import Message, Rollout, Tool, ToolCall, Trajectory
from tests.conftest import PROJECT

REAL = PROJECT.parent / "shared" / "data" / "tau-bench-airline" / "gpt-4o-airline.json"
SYSTEM = {"role": "system", "content": "Be kind."}
USER = {"role": "user", "content": "Hi"}


def call(id: str, name: str, arguments: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def entry(*messages: Any, task: Any = 0, trial: Any = 0, reward: Any = 1.0) -> dict[str, Any]:
    return {"task_id": task, "trial": trial, "reward": reward, "info": {"actions": ["SECRET"]}, "traj": list(messages)}


def results(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps(entries))
    return path


def load_results(path: Path, *, policy: str | None, tools: tuple[Tool, ...] = ()) -> Assembled:
    found = collect([path], Options(), format="tau-bench")
    check_not_empty(found, path)
    made = assemble(found, Settings(policy, tools, per_task=1000))
    made.skipped = [*found.skipped, *made.skipped]
    return made


def rollouts(made: Assembled) -> list[Rollout]:
    return [made.rollouts[id] for id in sorted(made.rollouts)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.json"


def test_conversation_comes_over_with_numbered_calls_and_the_policy_apart(file: Path) -> None:
    calls = [call("call_x9", "look", '{"id": "A1"}'), call("call_x9", "cancel", '{"id": "A1"}')]
    conversation = [
        SYSTEM,
        USER,
        {"role": "assistant", "content": None, "tool_calls": calls[:1]},
        {"role": "tool", "tool_call_id": "call_x9", "name": "look", "content": "sent"},
        {"role": "assistant", "content": "Wait.", "tool_calls": calls[1:]},
        {"role": "tool", "tool_call_id": "call_x9", "name": "cancel", "content": "Error: too late"},
    ]
    imported = load_results(results(file, entry(*conversation, task=3, trial=2, reward=0.0)), policy=None)
    messages = (
        Message("user", "Hi"),
        Message("assistant", "", (ToolCall("1", "look", {"id": "A1"}),)),
        Message("tool", "sent", tool_call_id="1"),
        Message("assistant", "Wait.", (ToolCall("2", "cancel", {"id": "A1"}),)),
        Message("tool", "Error: too late", tool_call_id="2", is_error=True),
    )
    assert rollouts(imported) == [Rollout("t003-r2", "t003", Trajectory("Be kind.", (), messages), 0)]
    assert (imported.policy, imported.skipped) == ("Be kind.", [])


@pytest.mark.parametrize("arguments", ["{broken", "[1]", '{"a": NaN}', ""])
def test_arguments_that_no_parser_reads_are_kept_as_evidence(file: Path, arguments: str) -> None:
    message = {"role": "assistant", "content": "", "tool_calls": [call("1", "look", arguments)]}
    imported = load_results(results(file, entry(SYSTEM, message)), policy=None)
    wanted = {"unparsed": arguments} if arguments else {}
    assert rollouts(imported)[0].trajectory.messages[0].tool_calls == (ToolCall("1", "look", wanted),)


def test_runs_without_messages_are_left_out_and_counted(file: Path) -> None:
    imported = load_results(results(file, entry(), entry(SYSTEM, USER, trial=1)), policy=None)
    assert ([r.id for r in rollouts(imported)], [str(p) for p in imported.skipped]) == (
        ["t000-r1"],
        [f"{file}, entry 1: has no messages"],
    )


def test_policy_of_most_runs_is_shared_and_the_others_keep_their_own(file: Path) -> None:
    other = {"role": "system", "content": "Be strict."}
    entries = [entry(system, {**USER, "content": str(n)}, trial=n) for n, system in enumerate([other, SYSTEM, SYSTEM])]
    imported = load_results(results(file, *entries), policy=None)
    assert imported.policy == "Be kind."
    assert [r.trajectory.policy for r in rollouts(imported)] == ["Be strict.", "Be kind.", "Be kind."]


def test_given_policy_replaces_the_one_in_the_system_messages(file: Path) -> None:
    imported = load_results(results(file, entry(SYSTEM, USER)), policy="Mine.", tools=(Tool("look"),))
    assert (imported.policy, rollouts(imported)[0].trajectory) == (
        "Mine.",
        Trajectory("Mine.", (Tool("look"),), (Message("user", "Hi"),)),
    )


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([], "holds no rows"),
        ([5], "entry 1: is not a run in a τ-bench results file"),
        ([entry(SYSTEM, USER), {"task_id": 1}], "entry 2: is not a run in a τ-bench results file"),
        ([entry(SYSTEM, USER, task="1")], "entry 1: task_id '1' and trial 0 are not both whole numbers"),
        ([entry(SYSTEM, USER, task=True)], "entry 1: task_id True and trial 0 are not both whole numbers"),
        ([entry(SYSTEM, USER, reward=0.5)], "entry 1, reward: is 0.5, neither 0 nor 1"),
        ([entry(5)], "entry 1, traj, message 1: is 5, not a message"),
        ([entry()], "holds no row that can be used"),
        ([entry(SYSTEM, USER), entry(SYSTEM, USER)], "entry 2: task 0 has trial 0 twice"),
        ([entry(SYSTEM, {"role": "bot", "content": ""})], "entry 1, traj, message 2, role: is 'bot'"),
        ([entry(SYSTEM, {"role": "user", "content": [1]})], "entry 1, traj, message 2, content: has a part without"),
        ([entry(SYSTEM, {**USER, "tool_calls": [{}]})], "message 2, tool_calls: has a tool call without a name"),
        ([entry(SYSTEM, {**USER, "tool_calls": 5})], "entry 1, traj, message 2"),
    ],
)
def test_what_is_no_results_file_is_named_by_entry_and_message(file: Path, entries: list[Any], complaint: str) -> None:
    with pytest.raises(DataError) as raised:
        load_results(results(file, *entries), policy=None)
    assert complaint in str(raised.value)


def test_tools_come_plain_or_in_the_form_of_openai(file: Path) -> None:
    plain = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    file.write_text(json.dumps([plain, {"type": "function", "function": plain}]))
    assert load_tools(file) == (Tool("look", "Looks.", {"type": "object"}),) * 2


def test_tool_that_is_none_is_named(file: Path) -> None:
    file.write_text('[{"name": "look"}, 5]')
    with pytest.raises(DataError, match="tool 2: tool is of type int, not an object"):
        load_tools(file)


@pytest.mark.skipif(not REAL.exists(), reason="the real trajectories are not on this machine")
def test_real_airline_file_comes_over_whole() -> None:
    imported = load_results(REAL, policy=None)
    trajectories = [rollout.trajectory for rollout in rollouts(imported)]
    pairs = pairs_from_labels(rollouts(imported), per_task=1000)
    assert (len(trajectories), imported.skipped, len(pairs), len({p.task for p in pairs})) == (120, [], 46, 14)
    assert imported.pairs == pairs
    assert Counter(rollout.task for rollout in rollouts(imported)) == {f"t{n:03d}": 4 for n in range(30)}
    assert not [m for t in trajectories for m in t.messages if m.role == "tool" and m.tool_call_id is None]
    assert not [call for t in trajectories for call, _ in t.calls() if "unparsed" in call.arguments]
    assert {t.policy for t in trajectories} == {imported.policy}
