"""A live log of what happens in a run: `events.jsonl`, one JSON line per event, for people and programs that follow it.

    {"time": "2026-11-21T03:12:44+01:00", "event": "candidate", "text": "c0011 policy: 61.2% on search", "id": "c0011"}

Every line has `time`, `event` and `text`; docs/following.md lists the other fields of each event. The file is not in
git, and no search resumes from it. If an event cannot be written, the search continues.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, UsageError

BEGIN, END = "begin", "end"
"""A process begins to search, and ends, for whatever reason."""
SESSION, EVALUATION, CANDIDATE, ITERATION = "session", "evaluation", "candidate", "iteration"
LEADER, DECISION = "leader", "decision"
OUTAGE, RECOVERY = "outage", "recovery"
"""The judge stopped answering, and answers again."""
STEPS = "steps"
"""A policy in training was updated for a while."""
LIMIT, HINT, NOTE = "limit", "hint", "note"


def now() -> str:
    """The local time, in ISO 8601 with seconds and offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run."""

    time: str
    """Local, in ISO 8601."""
    event: str
    """The kind of event: one of the words above."""
    text: str
    """One line for people."""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Its time in seconds since 1970."""
        return datetime.fromisoformat(self.time).timestamp()


def event_to_json(event: Event) -> dict[str, object]:
    """The JSON form of an event."""
    return {"time": event.time, "event": event.event, "text": event.text, **event.facts}


@dataclass(frozen=True, slots=True)
class EventLog:
    """Writes events to a file, and passes them to listeners."""

    path: Path
    show: Callable[[str], None] = lambda text: None
    """Called with the text of each event that is worth a line on the screen."""
    listeners: Sequence[Callable[[Event], None]] = ()

    def add(self, event: str, text: str, *, shown: bool = True, **facts: Any) -> None:
        """Log an event. shown: whether it is worth a line on the screen. facts: further fields of its line."""
        happened = Event(now(), event, files.printable(" ".join(text.split())), facts)
        with suppress(UsageError):
            files.append_line(self.path, event_to_json(happened), new_folder=False)
        if shown:
            self.show(text)
        for listener in self.listeners:
            listener(happened)

    def note(self, text: str) -> None:
        """Log something that has no kind of its own."""
        self.add(NOTE, text)


def load_events(path: Path) -> list[Event]:
    """All events of a run; damaged lines are skipped."""
    found = []
    with suppress(DataError):
        for line in files.read_bytes(path).split(b"\n"):
            with suppress(DataError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
                found.append(_parse(files.parse_json(line, path)))
    return found


def _parse(line: Mapping[str, Any]) -> Event:
    facts = {key: value for key, value in line.items() if key not in ("time", "event", "text")}
    event = Event(str(line["time"]), str(line["event"]), str(line["text"]), facts)
    event.seconds  # noqa: B018  # raises if the time is invalid: then the line counts as damaged
    return event
