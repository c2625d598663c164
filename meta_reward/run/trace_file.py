"""The trace of a trajectory: every judge call in full, then the reward or the error, and what was printed.

What several calls on a trajectory begin with stands in its trace once: `begins_like_call` is the number, from 1, of the
call that holds it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.evaluation.records import CallRecord, Result, record_to_json

_SCHEMA = 1


def render_trace(result: Result) -> dict[str, Any]:
    """A result as its trace file holds it: texts of several lines are lists of lines."""
    return {
        "schema": _SCHEMA,
        "trajectory": result.trajectory,
        "task": result.task,
        "calls": files.as_lines(_without_repetition(result.calls)),
        "reward": files.as_lines(record_to_json(result.reward)) if result.reward else None,
        "error": files.as_lines(record_to_json(result.error)) if result.error else None,
        **({"printed": result.printed.removesuffix("\n").split("\n")} if result.printed else {}),
    }


def load_trace(path: Path) -> dict[str, Any]:
    """The content of a trace file, each call with all its messages."""
    trace: dict[str, Any] = files.load_json(path)
    with files.reading(path):
        for call in trace["calls"]:
            if number := call.pop("begins_like_call", None):
                call["messages"] = [*trace["calls"][number - 1]["messages"], *call["messages"]]
    return trace


def _without_repetition(calls: Sequence[CallRecord]) -> list[dict[str, Any]]:
    """Calls as dicts; where one begins with all messages of an earlier one, only those that follow are kept."""
    found = []
    for place, call in enumerate(calls):
        shared = [len(c.messages) * (c.messages == call.messages[: len(c.messages)]) for c in calls[:place]]
        if most := max(shared, default=0):
            like = {"begins_like_call": shared.index(most) + 1}
            found.append(like | record_to_json(call) | {"messages": call.messages[most:]})
        else:
            found.append(record_to_json(call))
    return found
