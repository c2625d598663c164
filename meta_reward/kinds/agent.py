"""Kind `agent`: a program serves a customer in a world, which answers it turn by turn and grades the outcome.

Each task says how often it is tried. Each trial draws the replies of model and customer anew, and a task's score is the
mean of its trials.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from glob import escape
from pathlib import Path
from statistics import fmean
from typing import Any, cast

from meta_reward import files
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.outcome import Example, Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.host import Host
from meta_reward.harness.validate import Cases, Place, Program, Step, cases_in_texts
from meta_reward.harness.validate.fixtures import ODD_TEXT
from meta_reward.kinds.base import Kind, Outcomes, Words
from meta_reward.kinds.items import item_metrics
from meta_reward.kinds.made_up_world import POLICY, PROMPT, TOOLS, MadeUpWorld
from meta_reward.kinds.world import InProcess, WorldHost, Worlds, grade_of, without_grade
from meta_reward.tasks.agents import KIND, AgentSet, AgentTask, load_agent_set, save_agent_set
from meta_reward.tasks.base import AnyTaskSet, digest_of
from meta_reward.trajectory import Tool, Trajectory, parse_messages, tool_to_json

_ACT = "act"
SUCCESS = "success"


def _made_up_host() -> Host:
    return WorldHost(InProcess(MadeUpWorld()), PROMPT)


def _arguments(prompt: str, policy: str, tools: Sequence[Tool]) -> dict[str, Any]:
    """Everything that an agent is given, as JSON values."""
    return {"task": prompt, "policy": policy, "tools": [tool_to_json(tool) for tool in tools]}


def _step(prompt: str, policy: str = POLICY, tools: Sequence[Tool] = TOOLS) -> tuple[Step]:
    return (Step(_ACT, _arguments(prompt, policy, tools)),)


_PROGRAM = Program(
    required=(_ACT,),
    plain=_step(PROMPT),
    output="an end",
    odd={
        "a task without words, policy and tools": _step("", "", ()),
        "a task of 100,000 characters": _step("I have a question about my order. " * 3_000),
        "a task and a policy with odd Unicode": _step(ODD_TEXT, ODD_TEXT),
    },
    host=_made_up_host,
)


class AgentKind(Kind):
    """Tasks that an agent does in a world."""

    name = KIND
    words = Words(
        SUCCESS,
        "tasks",
        "trials",
        "success: share of trials that the world grades as done, the mean over tasks; [95%]: its interval by task, or "
        "why there is none; failures: tasks on which the program failed in every trial, which are lost as single "
        "trials are; coverage: share of the others; context: characters that the model is shown in one trial, on "
        "average",
    )
    program = _PROGRAM
    texts = Path(__file__).parent / "texts" / "agent"
    seeds = "agent"
    simulated = "simulated:agent"
    proposer = "stock"
    acts = True

    def load(self, path: Path) -> AgentSet:
        return load_agent_set(path)

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        agents = _of(taskset)
        chosen = agents.part(tasks)
        examples = [example for task in chosen for example in _trials(agents, task)]
        items = [Item(one.id, one.task, one.trial_ids, one.categories) for one in chosen]
        return Part(frozenset(tasks), examples, items)

    def characters(self, example: Example) -> int:
        return len(json.dumps(example.arguments, ensure_ascii=False))

    def hosts(self, taskset: AnyTaskSet) -> Worlds:
        return Worlds(_of(taskset))

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Sequence[ItemOutcome]:
        results = {result.example: result for result in evaluation.results}
        return [_outcome(item, [results.get(id) for id in item.examples]) for item in part.items]

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        return item_metrics(part, evaluation, cast(Sequence[ItemOutcome], outcomes), ())

    def trajectories(self, taskset: AnyTaskSet, evaluation: Evaluation) -> Mapping[str, Trajectory]:
        agents = _of(taskset)
        return {
            result.example: Trajectory(agents.policy, agents.tools, parse_messages(without_grade(result.asked)))
            for result in evaluation.results
            if result.error is None
        }

    def ungraded(self, evaluation: Evaluation) -> Evaluation:
        results = [replace(result, asked=without_grade(result.asked)) for result in evaluation.results]
        return replace(evaluation, results=results)

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        agents = _of(taskset)
        save_agent_set(folder, agents.about, policy=agents.policy, tools=agents.tools, tasks=agents.part(tasks))

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        agents = _of(taskset)
        return {
            "shared": {"policy": agents.policy, "tools": agents.tools},
            "tasks": {task.id: files.as_dict(task) for task in agents.agent_tasks},
            "programs": {name: digest_of(agents.path, [escape(name)]) for name in agents.programs},
        }

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        agents = _of(taskset)
        chosen = agents.part(tasks)
        shared = [
            *common,
            agents.policy,
            *(json.dumps(tool_to_json(tool), ensure_ascii=False) for tool in agents.tools),
        ]
        runs = [_step(task.prompt, agents.policy, agents.tools) for task in chosen]
        return cases_in_texts([(Place(task.id, task.task, 0), task.prompt) for task in chosen], shared, runs)


def _of(taskset: AnyTaskSet) -> AgentSet:
    assert isinstance(taskset, AgentSet)
    return taskset


def _trials(taskset: AgentSet, task: AgentTask) -> list[Example]:
    given = _arguments(task.prompt, taskset.policy, taskset.tools)
    setting = {"world": task.world, "arguments": dict(task.arguments)}
    return [
        Example(id, task.task, _ACT, given, repeat=repeat, setting=setting) for repeat, id in enumerate(task.trial_ids)
    ]


def _outcome(item: Item, trials: Sequence[Result | None]) -> ItemOutcome:
    """The outcome of a task: the mean success of its trials. A trial on which the program failed counts 0."""
    grades = [grade_of(trial.asked) if trial is not None and trial.error is None else None for trial in trials]
    known = [grade for grade in grades if grade is not None]
    score = fmean(grade.success if grade is not None else 0.0 for grade in grades)
    faults = sorted({fault for grade in known for fault in grade.faults})
    output = (", ".join(faults) or SUCCESS) if known else None
    return ItemOutcome(
        item.id, item.task, item.categories, SUCCESS, output, score, item.weight, {"trials": len(trials)}
    )
