"""Each importer on real files: what comes in is stored and loaded again as it was read."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from meta_reward.files import printable
from meta_reward.tasks.about import About
from meta_reward.tasks.importers.assemble import Assembled, Settings, assemble
from meta_reward.tasks.importers.collect import collect
from meta_reward.tasks.importers.detect import detect_format
from meta_reward.tasks.importers.record import Options
from meta_reward.tasks.taskset import load_task_set, save_task_set
from meta_reward.trajectory import Trajectory
from tests.conftest import PROJECT

DATA = PROJECT.parent / "shared" / "data"
TAU = [DATA / "tau-bench-airline" / "gpt-4o-airline.json"]
TAU2 = sorted((DATA / "tau2-airline").glob("*.json"))
PLAN = sorted((DATA / "plan-rewardbench").glob("*.jsonl"))
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real trajectories are not on this machine")


def imported(paths: list[Path]) -> Assembled:
    return assemble(collect(paths, Options()), Settings(per_task=1000))


def said(messages: Any, role: str = "assistant") -> list[str]:
    return [m["content"] for m in messages if m["role"] == role and isinstance(m["content"], str)]


def words(trajectory: Trajectory, role: str = "assistant") -> list[str]:
    return [m.content for m in trajectory.messages if m.role == role and (m.content or not m.tool_calls)]


@pytest.mark.parametrize(("paths", "format"), [(TAU, "tau-bench"), (TAU2, "tau2-bench"), (PLAN, "plan-rewardbench")])
def test_files_are_recognized_and_come_back_from_disk_as_they_were_read(
    paths: list[Path], format: str, tmp_path: Path
) -> None:
    made = imported(paths)
    assert {detect_format(path) for path in paths} == {format}
    rollouts = list(made.rollouts.values())
    save_task_set(tmp_path / "x", About("x"), policy=made.policy, tools=made.tools, rollouts=rollouts, pairs=made.pairs)
    loaded = load_task_set(tmp_path / "x")
    assert loaded.rollouts == made.rollouts
    assert list(loaded.pairs) == made.pairs
    assert not [m for r in rollouts for m in r.trajectory.messages if m.role == "tool" and m.tool_call_id is None]


def test_tau_bench_says_what_the_file_says() -> None:
    made = imported(TAU)
    for entry in orjson.loads(TAU[0].read_bytes()):
        rollout = made.rollouts[f"t{entry['task_id']:03d}-r{entry['trial']}"]
        assert rollout.success == entry["reward"]
        for role in ("user", "tool"):
            assert words(rollout.trajectory, role) == said(entry["traj"], role)
        calls = [c["function"] for m in entry["traj"] for c in m.get("tool_calls") or []]
        assert [(call.name, call.arguments) for call, _ in rollout.trajectory.calls()] == [
            (call["name"], orjson.loads(call["arguments"])) for call in calls
        ]


def test_tau2_tasks_are_told_apart_by_their_scenario_and_no_gold_comes_along() -> None:
    made = imported(TAU2)
    tasks = {rollout.task for rollout in made.rollouts.values()}
    with_pairs = {pair.task for pair in made.pairs}
    assert (len(made.rollouts), len(tasks), len(made.pairs), len(with_pairs)) == (218, 38, 280, 19)
    assert Counter(r.success for r in made.rollouts.values()) == Counter({1: 118, 0: 100})
    assert len({rollout.trajectory.policy for rollout in made.rollouts.values()}) == 2
    text = orjson.dumps([r.trajectory for r in made.rollouts.values()]).decode()
    gold = [task["description"]["purpose"] for path in TAU2 for task in orjson.loads(path.read_bytes())["tasks"]]
    assert not [purpose for purpose in gold if purpose and purpose in text]
    assert "evaluation_criteria" not in text
    assert "reward_basis" not in text


def test_tau2_messages_are_those_of_the_simulations_in_order() -> None:
    for path in TAU2[:3]:
        for simulation, rollout in zip(
            orjson.loads(path.read_bytes())["simulations"], imported([path]).rollouts.values(), strict=True
        ):
            wanted = [(m["role"], m["content"] or "") for m in simulation["messages"]]
            assert [(m.role, m.content) for m in rollout.trajectory.messages] == wanted
            failed = [m.get("error") is True for m in simulation["messages"]]
            assert [m.is_error for m in rollout.trajectory.messages] == failed


def test_plan_rewardbench_is_divided_by_query() -> None:
    made = imported(PLAN)
    rows = [orjson.loads(line) for path in PLAN for line in path.read_bytes().splitlines()]
    assert len(made.pairs) == len(rows) == 353
    assert len({pair.task for pair in made.pairs}) == len({row["query"] for row in rows})
    assert Counter(pair.categories for pair in made.pairs) == Counter((row["_lcp_bucket"],) for row in rows)
    for row, pair in zip(rows, made.pairs, strict=True):
        for side, id in (("chosen", pair.preferred), ("reject", pair.other)):
            trajectory, messages = made.rollouts[id].trajectory, row[side]["messages"]
            assert words(trajectory, "tool") == said(messages, "tool_response")
            assert words(trajectory, "user") == said(messages, "user")
            assert len(trajectory.calls()) == len(said(messages, "tool_call"))
            assert [tool.name for tool in trajectory.tools] == [t["function"]["name"] for t in row["tools"]]


def test_importing_twice_adds_nothing() -> None:
    once, twice = collect(TAU2[:2], Options()), collect(TAU2[:2], Options())
    twice.records = [*once.records, *twice.records]
    both = assemble(twice, Settings())
    assert both.rollouts == assemble(once, Settings()).rollouts
    assert len(both.skipped) == len(once.records)


def test_policies_are_safe_to_print() -> None:
    made = imported(TAU2)
    assert printable(made.policy) == made.policy
