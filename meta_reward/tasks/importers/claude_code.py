"""Claude Code sessions: the JSON lines under `~/.claude/projects`, one file a session.

A session is what the user and the agent said in the main conversation. Lines of other types, side chains of
subagents, and what the program itself put in (reminders, summaries, errors of the API) are left out. A session
has neither label nor policy: its id is its `sessionId`, and its task, unless a field names it, its first prompt.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.fields import prompt_name, run_of, task_of
from meta_reward.tasks.importers.record import Item, Options, Place, Problem, Record, RowError, parse_each
from meta_reward.tasks.importers.rows import iter_rows

_LEFT_OUT = ("isSidechain", "isMeta", "isCompactSummary", "isApiErrorMessage")


def recognizes(row: dict[str, Any]) -> bool:
    return isinstance(row.get("sessionId"), str) and isinstance(row.get("type"), str)


def read(path: Path, options: Options) -> Iterator[Item]:
    sessions: dict[str, list[tuple[Place, dict[str, Any]]]] = {}
    for place, row in iter_rows(path):
        if isinstance(row, RowError):
            yield Problem(place, row.field, row.what)
        elif isinstance(row, dict) and recognizes(row):
            said = sessions.setdefault(row["sessionId"], [])
            if _is_said(row):
                said.append((place, row))
    rows = ((lines[0][0] if lines else Place(path, "line 1"), lines) for lines in sessions.values())
    yield from parse_each(rows, partial(_record, options=options))


def _is_said(row: dict[str, Any]) -> bool:
    """Whether a line is part of the main conversation."""
    known = row["type"] in ("user", "assistant") and isinstance(row.get("message"), dict)
    return known and not any(row.get(mark) for mark in _LEFT_OUT)


def _record(place: Place, lines: Sequence[tuple[Place, dict[str, Any]]], options: Options) -> Record:
    if not lines:
        raise RowError("", "has no conversation, at most that of a subagent", skip=True)
    first = lines[0][1]
    run = run_of({"messages": _messages([row["message"] for _, row in lines])}, keep_unparsed=True)
    task = task_of(first, options.task_key) if options.task_key else prompt_name(run)
    return Record(place, run, task, id=first["sessionId"])


def _messages(said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages, of which a session has a line for each block of an answer."""
    whole: list[dict[str, Any]] = []
    for message in said:
        last = whole[-1] if whole else {}
        blocks, more = last.get("content"), message.get("content")
        same = message.get("id") is not None and message.get("id") == last.get("id")
        if same and isinstance(blocks, list) and isinstance(more, list):
            whole[-1] = {**last, "content": [*blocks, *more]}
        else:
            whole.append(message)
    return whole
