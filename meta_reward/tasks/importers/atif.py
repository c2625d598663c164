"""ATIF, the format of Harbor for trajectories: one JSON object `{schema_version, agent, steps}`.

The format has neither task nor reward. If a file is in the folder of a Harbor trial, the trial's `result.json` has the
task, and the reward from the verifier. Otherwise the task is the user's first message, and labels come from other
fields. Thoughts that an agent does not say, and trajectories of subagents, are left out.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.importers import fields
from meta_reward.tasks.importers.fields import as_object, text_field, value_at
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows

_ROLES = {"system": "system", "user": "user", "agent": "assistant"}


def recognizes(row: dict[str, Any]) -> bool:
    return fields.word(row.get("schema_version")).startswith("ATIF") and "steps" in row


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(iter_rows(path), partial(_record, options=options))


def _record(place: Place, row: Any, options: Options) -> Record:
    whole, trial = as_object(row), _trial(place.path)
    steps = enumerate(_objects(whole, "steps"), 1)
    messages = [message for number, step in steps for message in _messages(step, number)]
    rewards = as_object(value_at(trial, "verifier_result.rewards") or {})
    label = fields.chosen_score(rewards, whole, options.label_key, place=place)
    run = fields.run_of({"messages": messages, "tools": value_at(whole, "agent.tool_definitions")}, keep_unparsed=True)
    named = fields.task_name(text_field(trial, "task_name") or "") or fields.prompt_name(run)
    return Record(
        place,
        run,
        fields.task_of(whole, options.task_key) if options.task_key else named,
        fields.number_of(label, options.label_key or "reward"),
        text_field(trial, "trial_name") or text_field(whole, "trajectory_id") or text_field(whole, "session_id"),
    )


def _trial(path: Path) -> dict[str, Any]:
    """The result of the trial that a file belongs to, as in `trial/agent/trajectory.json`; empty without one."""
    folder = path.absolute().parent
    result = folder.parent / "result.json"
    data = files.load_json(result) if folder.name == "agent" and result.is_file() else {}
    if not isinstance(data, dict):
        raise DataError(result, f"is {brief(data)}, not the result of a trial")
    return data


def _messages(step: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """A step in OpenAI's format: the message with its calls, then their results."""
    try:
        role = _ROLES.get(fields.word(step.get("source")))
        if role is None:
            raise RowError("source", f"is {brief(step.get('source'))}, not one of {', '.join(_ROLES)}")
        called = _objects(step, "tool_calls")
        calls = [{**call, "id": call.get("tool_call_id"), "name": call.get("function_name")} for call in called]
        yield {"role": role, "content": step.get("message"), "tool_calls": calls}
        for result in _objects(as_object(step.get("observation") or {}), "results"):
            yield {"role": "tool", "tool_call_id": result.get("source_call_id"), "content": result.get("content")}
    except RowError as error:
        raise error.inside(f"step {number}") from None


def _objects(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = row.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise RowError(name, "is not a list of objects")
    return values
