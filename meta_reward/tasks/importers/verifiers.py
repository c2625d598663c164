"""Results of verifiers: `results.jsonl` of `vf-eval` 0.1, and `traces.jsonl` of 0.4.

In results, a row is `{example_id, prompt, completion, reward}`, and a task is the example's id and a digest of its
prompt. Episodes of `traces.jsonl` are read in `verifiers_traces.py`. The label is the reward; rollouts that ended in
an error are skipped.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from meta_reward.tasks.importers import verifiers_traces
from meta_reward.tasks.importers.fields import as_object, number_of, request_name, run_of, task_of, text_field, value_at
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows


def recognizes(row: dict[str, Any]) -> bool:
    return {"prompt", "completion", "reward"} <= set(row) or verifiers_traces.is_episode(row)


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(_rollouts(path), partial(_record, options=options))


def _rollouts(path: Path) -> Iterator[tuple[Place, Any]]:
    for place, row in iter_rows(path):
        if verifiers_traces.is_episode(row):
            yield from verifiers_traces.traces_of(place, row)
        else:
            yield place, row


def _record(place: Place, row: Any, options: Options) -> Record:
    if isinstance(row, verifiers_traces.Trace):
        return verifiers_traces.record_of(place, row, options)
    fields, label_key = as_object(row), options.label_key or "reward"
    if fields.get("error"):
        raise RowError("", "ended in an error of the environment", skip=True)
    asked = fields.get("prompt")
    messages = [*_messages(asked, "prompt", "user"), *_messages(fields.get("completion"), "completion", "assistant")]
    return Record(
        place,
        run_of({"messages": messages, "tools": fields.get("tool_defs")}, keep_unparsed=True),
        task_of(fields, options.task_key) if options.task_key else request_name(_example(fields), asked),
        number_of(value_at(fields, label_key), label_key),
        text_field(fields, "id"),
    )


def _example(fields: dict[str, Any]) -> str:
    return text_field(fields, "example_id") or "example"


def _messages(data: Any, field: str, role: str) -> list[Any]:
    """Messages of one side; of an environment for completions, the text."""
    if isinstance(data, str):
        return [{"role": role, "content": data}]
    if not isinstance(data, list):
        raise RowError(field, f"is {brief(data)}, neither text nor a list of messages")
    return [_parsed(message) for message in data]


def _parsed(message: Any) -> Any:
    """A message whose calls are objects: verifiers writes each of them as JSON text."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    try:
        return {**message, "tool_calls": [orjson.loads(call) if isinstance(call, str) else call for call in calls]}
    except orjson.JSONDecodeError:
        raise RowError("tool_calls", "holds text that is not valid JSON") from None
