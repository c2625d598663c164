"""Traces of an agent in use, added to a run's history as evidence: each has its learned reward, and none is an example.

`[objective] traces` in `run.toml` names a task set of trajectories; its labels, if any, are ignored. A trace is written
as soon as its reward is known, so a later start scores only those that are missing:

    history/traces/<trace>.json     its task, reward and reason, then what was said and done
    history/traces/rewards.jsonl    one line per trace, the lowest reward first; written when all are there
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import GitError, UsageError
from meta_reward.run import git
from meta_reward.run.layout import Layout
from meta_reward.run.record import commit_paths
from meta_reward.run.set_aside import inside
from meta_reward.run.settings import ObjectiveSettings
from meta_reward.search.context import Search
from meta_reward.search.objective import NAME, LearnedReward, Objective
from meta_reward.tasks.records import stored_rollout
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Rollout, Tool

_SCHEMA = 1
_INDEXED = ("example", "task", "reward", "reason", "error")


def load_traces(settings: ObjectiveSettings) -> TaskSet:
    """The task set of the traces. Raises DataError, and UsageError if it has changed since the run was made."""
    taskset = load_task_set(Path(settings.traces))
    if taskset.digest != settings.traces_digest:
        what = f"the traces in {settings.traces} have changed since the run was made"
        raise UsageError(what, hint="restore that task set, or start another run with --run NAME")
    return taskset


def has_traces(layout: Layout) -> bool:
    """Whether all traces of a run are in its history."""
    return _index_of(layout).exists()


def missing_traces(layout: Layout, traces: TaskSet) -> list[Rollout]:
    """The traces that have no reward in the run yet."""
    return [rollout for id, rollout in traces.rollouts.items() if not _path(layout, id).exists()]


async def lay_traces(search: Search) -> None:
    """Score the missing traces and write them to the history. Raises JudgeUnavailable and LimitReached."""
    layout, settings, index = search.layout, search.config.objective, _index_of(search.layout)
    if not settings.traces:
        return
    if not has_traces(layout):
        assert search.objective is not None, "a run with traces is opened with its learned reward"
        traces = load_traces(settings)
        await _score(search, search.objective, missing_traces(layout, traces))
        files.write_bytes(index, _index(layout, list(traces.rollouts)))
    try:
        git.read(layout.root, inside(layout, index))
    except GitError:
        commit_paths(layout, "Lay traces into the history", [layout.traces])
        git.refresh(layout.root)


async def _score(search: Search, objective: Objective, missing: Sequence[Rollout]) -> None:
    by_id = {rollout.id: rollout for rollout in missing}
    shared = search.kind.parts(search.taskset)["shared"]
    search.events.note(f"{len(missing)} traces get their learned reward, as evidence in history/traces")

    def keep(one: LearnedReward) -> None:
        files.write_json(
            _path(search.layout, one.example), _stored(by_id[one.example], one, shared["policy"], shared["tools"])
        )

    await objective.rewards({id: rollout.trajectory for id, rollout in by_id.items()}, on_reward=keep)


def _stored(rollout: Rollout, given: LearnedReward, policy: str, tools: Sequence[Tool]) -> dict[str, Any]:
    """A trace as its file stores it. policy, tools: those of the search's task set, which are not repeated."""
    stored = stored_rollout(rollout, policy=policy, tools=tools)
    said = {name: value for name, value in stored.items() if name not in ("id", "task", "success")}
    scored = files.as_dict(given) | {"reason": files.as_lines(given.reason), "error": files.as_lines(given.error)}
    return {"schema": _SCHEMA, "task": rollout.task, **scored, **said}


def _index(layout: Layout, ids: Sequence[str]) -> bytes:
    """One line per trace: those without a reward first, then in order of rising reward."""
    lines = []
    for id in ids:
        path = _path(layout, id)
        stored = files.load_json(path)
        with files.reading(path):
            lines.append({name: files.as_text(stored[name]) for name in _INDEXED})
    lines.sort(key=lambda line: (-1.0 if line["reward"] is None else line["reward"], line["example"]))
    return b"".join(map(files.dump_line, lines))


def _index_of(layout: Layout) -> Path:
    return layout.traces / NAME


def _path(layout: Layout, id: str) -> Path:
    return layout.traces / f"{id}.json"
