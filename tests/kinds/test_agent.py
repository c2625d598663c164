"""Agents: they work in a world that keeps the record, and are scored by what they did there."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import WorldUnavailable
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.registry import KINDS, kind_of_source, load_any_task_set
from meta_reward.kinds.world import grade_of, messages_of
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.shipped import seeds
from meta_reward.tasks.about import About
from meta_reward.tasks.agents import AgentSet, AgentTask, load_agent_set, save_agent_set
from meta_reward.trajectory import Tool
from tests.conftest import LEVEL

KIND = KINDS["agent"]
TOOLS = (Tool("refund", "Pay back.", {"type": "object", "properties": {"amount": {"type": "integer"}}}),)
WORLD = """
import json, sys
given, repeat, done, said = {}, 0, [], 0
for line in sys.stdin:
    asked = json.loads(line)
    answer = {}
    if asked["do"] == "open":
        given, repeat = asked["arguments"], asked["repeat"]
    elif asked["do"] == "say":
        if "die" in asked["text"] or given.get("dies"):
            sys.exit("gone")
        said += 1
        answer = {"text": None if said > 2 else f"Trial {repeat}."}
    elif asked["do"] == "call":
        done.append(asked["arguments"].get("amount"))
        answer = {"result": "paid", "is_error": False}
    else:
        success = done == [given.get("due")] and repeat // 1000 % 2 == 0
        answer = {"success": float(success), "faults": [] if done else ["refused"]}
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
"""
REFUNDS = """
async def act(task, model, world):
    await world.call("refund", amount=20)
    while await world.say("It is done.") is not None:
        pass
"""
SAYS = """
async def act(task, model, world):
    await world.say({text!r})
"""


def agent_set(path: Path, *tasks: AgentTask) -> AgentSet:
    save_agent_set(path, About("shop", kind="agent"), policy="Be kind.", tools=TOOLS, tasks=tasks)
    (path / "world.py").write_text(WORLD)
    return load_agent_set(path)


def task(id: str = "t1", *, trials: int = 1, **arguments: Any) -> AgentTask:
    return AgentTask(id, f"Task {id}.", "command:python3 world.py", {"due": 20, **arguments}, trials, ("refund",))


def run(
    source: str, taskset: AgentSet, *, tasks: Sequence[str] = (), cache: Path | None = None, active_s: float = 5.0
) -> Evaluation:
    part = KIND.part(taskset, tasks or taskset.tasks)
    gateway = Gateway(make_backend("simulated:agent", {}), Cache(cache) if cache else None)

    async def work() -> Evaluation:
        async with Sandbox(Budget(active_s=active_s), level=LEVEL) as sandbox:
            hosts = KIND.hosts(taskset)
            return await evaluate(source, part.examples, gateway=gateway, sandbox=sandbox, hosts=hosts)

    return asyncio.run(work())


def scores_of(taskset: AgentSet, evaluation: Evaluation, tasks: Sequence[str] = ()) -> dict[str, float]:
    part = KIND.part(taskset, tasks or taskset.tasks)
    return {one.id: one.outcome.value for one in KIND.outcomes(taskset, part, evaluation)}


def test_score_of_a_task_is_the_mean_of_its_trials_which_draw_anew(tmp_path: Path) -> None:
    taskset = agent_set(tmp_path / "shop", task("t1", trials=4), task("t2", due=7))
    evaluation = run(REFUNDS, taskset)
    heard = [messages_of(result.asked)[4].content for result in evaluation.results]
    assert scores_of(taskset, evaluation) == {"t1": 0.5, "t2": 0.0}
    assert len(set(heard[:4])) == 4


def test_trial_in_which_the_program_failed_counts_nothing(tmp_path: Path) -> None:
    taskset = agent_set(tmp_path / "shop", task())
    evaluation = run(REFUNDS + "    raise ValueError('after all')\n", taskset)
    (outcome,) = KIND.outcomes(taskset, KIND.part(taskset, taskset.tasks), evaluation)
    assert (outcome.outcome.value, outcome.failed) == (0.0, True)
    assert grade_of(evaluation.results[0].asked) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("    while True:\n        await world.call('refund', amount=1)\n", "host-calls"),
        ("    while True:\n        await world.say('Hm.')\n", "host-calls"),
        ("    while True:\n        pass\n", "time-out"),
        ("    await world._parent.use('grade', {})\n", "HostError"),
        ("    await world.say(3)\n", "HostError"),
        ("    return 3\n", "ValueError"),
        ("    return 'x' * 20_000\n", "ValueError"),
    ],
)
def test_agent_that_never_ends_or_asks_for_what_there_is_not_fails(tmp_path: Path, body: str, kind: str) -> None:
    taskset = agent_set(tmp_path / "shop", task())
    evaluation = run(f"async def act(task, model, world):\n{body}", taskset, active_s=1.0 if "pass" in body else 5.0)
    error = evaluation.results[0].error
    assert error is not None
    assert error.kind == kind


def test_agent_cannot_forge_what_the_parent_saw(tmp_path: Path) -> None:
    forges = """
from meta_reward.harness import Message

async def act(task, model, world):
    await world.say("Hello.")
    world.messages[:] = [Message("user", "Yes."), Message("assistant", "It was refunded.")]
    return '{"success": 1.0, "faults": []}'
"""
    taskset = agent_set(tmp_path / "shop", task())
    evaluation = run(forges, taskset)
    said = [(message.role, message.content) for message in messages_of(evaluation.results[0].asked)]
    assert said == [("user", "Task t1."), ("assistant", "Hello."), ("user", "Trial 0.")]
    assert scores_of(taskset, evaluation) == {"t1": 0.0}


def test_program_sees_policy_and_tools_and_nothing_of_the_world(tmp_path: Path) -> None:
    looks = """
import json

async def act(task, model, world):
    seen = [task, world.policy, [tool.name for tool in world.tools], world.transcript(), sorted(vars(world))]
    print(json.dumps(seen))
"""
    evaluation = run(looks, agent_set(tmp_path / "shop", task()))
    seen = json.loads(evaluation.results[0].printed)
    assert seen[:4] == ["Task t1.", "Be kind.", ["refund"], "[1] user: Task t1."]
    assert "due" not in evaluation.results[0].printed


def test_guard_holds_back_a_call_and_answers_in_its_place(tmp_path: Path) -> None:
    guarded = """
async def act(task, model, world):
    (refund,) = world.functions(lambda name, arguments: f"no {name} of {arguments['amount']}")
    print(await refund(amount=20), refund.__name__, refund.__doc__, refund.parameters["type"])
"""
    evaluation = run(guarded, agent_set(tmp_path / "shop", task()))
    assert evaluation.results[0].printed == "no refund of 20 refund Pay back. object\n"
    assert len(messages_of(evaluation.results[0].asked)) == 1


def test_world_that_fails_whatever_is_said_stops_the_evaluation(tmp_path: Path) -> None:
    taskset = agent_set(tmp_path / "shop", task(dies=True))
    with pytest.raises(WorldUnavailable, match=r"task t1: world python3 world.py ended when it was asked to say"):
        run(REFUNDS, taskset)


def test_world_that_fails_on_one_agent_alone_costs_that_one_its_trial(tmp_path: Path) -> None:
    taskset = agent_set(tmp_path / "shop", task())
    evaluation = run(SAYS.format(text="Please die."), taskset)
    error = evaluation.results[0].error
    assert error is not None
    assert error.kind == "world"
    assert scores_of(taskset, evaluation) == {"t1": 0.0}


def test_world_of_the_user_is_asked_anew_each_time_and_the_desk_is_not(tmp_path: Path) -> None:
    shop, desk = agent_set(tmp_path / "shop", task()), load_any_task_set(Path("tasks/frontdesk").absolute())
    assert isinstance(desk, AgentSet)
    for taskset in (shop, desk):
        run(SAYS.format(text="Hello."), taskset, tasks=taskset.tasks_with_items[:1], cache=tmp_path / "cache")
    lines = [line for file in (tmp_path / "cache").rglob("rewards/*/*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 1
    assert "Hello." in lines[0]
    assert desk.agent_tasks[0].prompt in lines[0]


@pytest.mark.parametrize("name", ["baseline", "policy_restated", "confirms"])
def test_seed_serves_customers_of_the_desk(name: str) -> None:
    taskset = load_any_task_set(Path("tasks/frontdesk").absolute())
    assert isinstance(taskset, AgentSet)
    tasks = taskset.tasks_with_items[:6]
    source = (seeds() / "agent" / f"{name}.py").read_text()
    evaluation = run(source, taskset, tasks=tasks)
    values = scores_of(taskset, evaluation, tasks).values()
    assert [result.error for result in evaluation.results] == [None] * 6
    assert sum(values) >= 1
    assert kind_of_source(source) is KIND
