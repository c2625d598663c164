"""Claude Code sessions: JSON lines under `~/.claude/projects`, one file per session.

Only what the user and the agent said in the main conversation is read. Lines of other types, side chains of subagents,
branches abandoned by a rewind, and what the program itself inserted are left out. A session has no label and no policy.
Its id is its `sessionId`; its task, unless a field names it, is its first prompt.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.claude_session import Session
from meta_reward.tasks.importers.fields import prompt_name, run_of, task_of
from meta_reward.tasks.importers.record import Item, Options, Place, Problem, Record, RowError, parse_each
from meta_reward.tasks.importers.rows import iter_rows


def recognizes(row: dict[str, Any]) -> bool:
    return isinstance(row.get("sessionId"), str) and isinstance(row.get("type"), str) and "messages" not in row


def read(path: Path, options: Options) -> Iterator[Item]:
    sessions: dict[str, Session] = {}
    for place, row in iter_rows(path):
        if isinstance(row, RowError):
            yield Problem(place, row.field, row.what)
        elif isinstance(row, dict) and recognizes(row):
            sessions.setdefault(row["sessionId"], Session(place)).add(place, row)
    rows = ((session.place, session) for session in sessions.values())
    yield from parse_each(rows, partial(_record, options=options))


def _record(place: Place, session: Session, options: Options) -> Record:
    lines = session.lines()
    if not lines:
        raise RowError("", "has no main conversation", skip=True)
    run = run_of({"messages": session.messages()}, keep_unparsed=True)
    task = task_of(lines[0], options.task_key) if options.task_key else prompt_name(run)
    return Record(place, run, task, id=lines[0]["sessionId"])
