"""Checks on the traces that a search with a learned reward is given."""

from collections.abc import Collection, Iterable
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.kinds.registry import kind_of
from meta_reward.run.settings import OFFICIAL, RunConfig
from meta_reward.search.traces import load_traces
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import load_task_set
from meta_reward.tasks.texts import reading
from meta_reward.trajectory import Rollout

_SEALED = ("test", "validation")


def traces_given(path: Path) -> dict[str, str]:
    """The keys of `[objective]` for a task set of traces. Raises DataError if it does not hold trajectories."""
    return {"objective.traces": str(path.resolve()), "objective.traces_digest": load_task_set(path).digest}


def check_traces(config: RunConfig, taskset: AnyTaskSet) -> list[str]:
    """Notes on the traces of a new run; none if it has no traces.

    Raises UsageError if there is no learned reward to score them, if the proposer would not see them, or if one of them
    is of a validation or test task, which a proposer must not see.
    """
    if not config.objective.traces:
        return []
    if config.objective.spec == OFFICIAL:
        what = "--traces needs a learned reward to score the traces, and there is none"
        raise UsageError(what, hint="name one with --objective learned:RUN, or leave --traces out")
    if config.proposer.history != "full":
        what = f"--traces shows traces to the proposer, but --history {config.proposer.history} hides them"
        raise UsageError(what, hint="leave out one of them")
    traces = load_traces(config.objective)
    splits = splits_of(taskset, config.splits)
    for split in _SEALED:
        _refuse_known(traces.rollouts.values(), taskset, splits[split], split)
    return [f"{len(traces.rollouts)} traces of {traces.name} will be in history/traces, with their learned rewards"]


def _refuse_known(traces: Iterable[Rollout], taskset: AnyTaskSet, tasks: Collection[str], split: str) -> None:
    """Raise UsageError for a trace of one of these tasks, recognized by the task's name or the first user message."""
    examples = kind_of(taskset).part(taskset, tasks).examples
    asked = {reading(example.arguments["task"]): example.task for example in examples}
    known = [task for one in traces if (task := one.task if one.task in tasks else asked.get(_asked_first(one)))]
    if known:
        of = "the test" if split == "test" else split
        what = f"{len(known)} of the traces are of tasks of {of}, such as {known[0]}: a proposer would see them"
        raise UsageError(what, hint="leave these traces out")


def _asked_first(trace: Rollout) -> str:
    said = (message.content for message in trace.trajectory.messages if message.role == "user")
    return reading(next(said, ""))
