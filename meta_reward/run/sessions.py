"""The record of a proposer's session. Once it exists, staging is complete.

The transcript and its summary go into the history: with each candidate that the session left, or into a folder of their
own if it left none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.run.layout import Layout

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """How a session ended."""

    order: Sequence[str] = ()
    """The folders in staging in the order in which they get ids; empty for the order of names."""
    notes: Sequence[str] = ()
    """What went wrong, for the log and the record of the iteration."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """The totals of the transcript, as JSON."""


def save_session(layout: Layout, iteration: int, session: SessionRecord) -> None:
    """Store the record of a session; from then on it counts as ended."""
    record = {"schema": SCHEMA, "iteration": iteration, "order": session.order, "notes": session.notes}
    files.write_json(layout.session_record(iteration), {**record, "summary": session.summary})


def load_session(layout: Layout, iteration: int) -> SessionRecord:
    """The record of a session that has ended."""
    path = layout.session_record(iteration)
    data = files.load_json(path)
    with files.reading(path):
        return SessionRecord(data["order"], data["notes"], data.get("summary", {}))


def keep_session(layout: Layout, iteration: int, target: Path) -> None:
    """Copy the transcript and summary of a session, if it has any, into a folder of the history."""
    if not layout.session_record(iteration).exists():
        return
    summary = load_session(layout, iteration).summary
    transcript = layout.transcript(iteration)
    if summary:
        files.write_json(target / "session.json", {"schema": SCHEMA, "iteration": iteration, **summary})
    if transcript.exists():
        files.write_bytes(target / "transcript.jsonl", transcript.read_bytes())
