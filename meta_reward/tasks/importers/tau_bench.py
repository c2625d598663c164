"""τ-bench (v1) results: a JSON list of `{task_id, trial, reward, info, traj}`.

`traj` is a list of OpenAI messages whose first, the system message, holds the policy. Only the messages are
taken over: `info` holds the expected actions, which no harness may see. Runs that ended in an error of the
benchmark itself have no messages, and are skipped.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.messages import read_messages
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, Run, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows

_FIELDS = ("task_id", "trial", "reward", "traj")


def recognizes(row: dict[str, Any]) -> bool:
    return {"task_id", "reward", "traj"} <= set(row)


def read(path: Path, options: Options) -> Iterator[Item]:
    seen: set[str] = set()

    def record(place: Place, row: Any) -> Record:
        found = _record(place, row)
        if found.preferred_id in seen:
            raise RowError("", f"task {row['task_id']} has trial {row['trial']} twice")
        seen.add(str(found.preferred_id))
        return found

    return parse_each(iter_rows(path), record)


def _record(place: Place, row: Any) -> Record:
    if not isinstance(row, dict) or not set(_FIELDS) <= set(row):
        wanted = ", ".join(_FIELDS)
        raise RowError("", f"is not a run in a τ-bench results file, which has the fields {wanted}")
    task, trial, reward, messages = (row[name] for name in _FIELDS)
    if not (_is_count(task) and _is_count(trial)):
        raise RowError("", f"task_id {brief(task)} and trial {brief(trial)} are not both whole numbers from 0")
    if reward not in (0, 1) or isinstance(reward, bool):
        raise RowError("reward", f"is {brief(reward)}, neither 0 nor 1")
    try:
        run = read_messages(messages, keep_unparsed=True)
    except RowError as error:
        raise error if error.skip and not error.field else error.inside("traj") from None
    name = f"t{task:03d}"
    return Record(place, _with_errors(run), name, float(reward), f"{name}-r{trial}", f"{name}-r{trial}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


def _with_errors(run: Run) -> Run:
    """The run with its failed results marked: here they are those that begin with `Error`."""
    return replace(
        run,
        messages=tuple(
            replace(m, is_error=True) if m.role == "tool" and m.content.startswith("Error") else m for m in run.messages
        ),
    )
