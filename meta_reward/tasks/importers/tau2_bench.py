"""τ²-bench and τ³-bench results: `{info, tasks, simulations[]}`.

A task is its id, its scenario and its gold actions, since files of different versions of the benchmark reuse
ids; its name carries a digest of them. Gold actions, scenarios and the grading itself are not taken over. The
policy is the simulation's own, else that of the file's environment. Runs that the benchmark's own machinery
broke are skipped.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.importers.fields import number_of, request_name
from meta_reward.tasks.importers.messages import clean, read_messages
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, Run, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows
from meta_reward.tasks.importers.tools import read_tools

_BROKEN = ("infrastructure_error", "unexpected_error", "user_error")


def recognizes(row: dict[str, Any]) -> bool:
    return "simulations" in row


def read(path: Path, options: Options) -> Iterator[Item]:
    for _, whole in iter_rows(path):
        if not isinstance(whole, dict) or not isinstance(whole.get("simulations"), list):
            raise DataError(path, "is not a τ²-bench results file: needs an object {info, tasks, simulations}")
        names, environment = _task_names(whole.get("tasks"), path), _environment(whole, path)
        rows = (
            (Place(path, f"simulation {number}"), simulation)
            for number, simulation in enumerate(whole["simulations"], 1)
        )
        yield from parse_each(rows, partial(_record, names=names, environment=environment))


def _task_names(tasks: Any, path: Path) -> dict[str, str]:
    """A name for each task by its id: the id, and a digest of its scenario and its gold actions."""
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and "id" in task for task in tasks):
        raise DataError(path, "is not a τ²-bench results file: tasks is not a list of tasks with an id")
    return {str(task["id"]): _task_name(task) for task in tasks}


def _task_name(task: dict[str, Any]) -> str:
    scenario, criteria = task.get("user_scenario"), task.get("evaluation_criteria")
    asked = [scenario.get("persona"), scenario.get("instructions")] if isinstance(scenario, dict) else scenario
    actions = criteria.get("actions") if isinstance(criteria, dict) else None
    gold = [_gold(action) for action in actions] if isinstance(actions, list) else []
    whole = [str(task["id"]), asked, gold]
    return request_name(str(task["id"]), whole)


def _gold(action: Any) -> Any:
    return [action.get("name"), action.get("arguments")] if isinstance(action, dict) else action


def _environment(whole: dict[str, Any], path: Path) -> Run:
    """The policy and the tools of all simulations of a file, as a run without messages."""
    info = whole.get("info")
    environment = info.get("environment_info") if isinstance(info, dict) else None
    if not isinstance(environment, dict):
        return Run(())
    policy, tools = environment.get("policy"), environment.get("tool_defs")
    try:
        offered = None if tools is None else read_tools(tools)
    except RowError as error:
        raise DataError(path, str(error), place="info, environment_info, tool_defs") from None
    return Run((), clean(policy) if isinstance(policy, str) else None, offered)


def _record(place: Place, row: Any, names: dict[str, str], environment: Run) -> Record:
    if not isinstance(row, dict):
        raise RowError("", f"is {brief(row)}, not a simulation")
    if row.get("termination_reason") in _BROKEN:
        raise RowError("", f"ended in {row['termination_reason']}", skip=True)
    task = names.get(str(row.get("task_id")))
    if task is None:
        raise RowError("task_id", f"is {brief(row.get('task_id'))}, which the file's tasks do not have")
    try:
        run = read_messages(row.get("messages"), keep_unparsed=True)
    except RowError as error:
        raise error if error.skip and not error.field else error.inside("messages") from None
    own = row.get("policy")
    given = clean(own) if isinstance(own, str) else environment.policy
    policy = run.policy if given is None else given
    id = row.get("id")
    return Record(
        place,
        replace(run, policy=policy, tools=environment.tools),
        task,
        _reward(row.get("reward_info")),
        id if isinstance(id, str) else None,
    )


def _reward(info: Any) -> float | None:
    """The reward of a simulation; None where it was not graded."""
    if info is None:
        return None
    if not isinstance(info, dict):
        raise RowError("reward_info", f"is {brief(info)}, not an object")
    return number_of(info.get("reward"), "reward_info, reward")
