"""What the sessions of the proposer read, tried and spent, from their records in a run's history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from meta_reward import files
from meta_reward.run.layout import Layout

_MOST_STEPS = 400
_MOST_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Session:
    """A session in numbers; None for those that the proposer does not report."""

    iteration: int
    status: str
    reason: str
    jail: str
    minutes: float
    turns: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    tool_calls: int
    refused: int
    files_read: tuple[str, ...]
    trials: tuple[str, ...]
    """The drafts that it tried, each with its result in one line."""


@dataclass(frozen=True, slots=True)
class Medians:
    """Medians over the sessions of a run; None if no session reports the number."""

    sessions: int
    files_read: float | None
    input_tokens: float | None
    output_tokens: float | None
    tool_calls: float | None
    trials: float | None
    minutes: float | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened in a session."""

    seconds: float
    what: str
    """In a few words, such as `calls Read` or `says`."""
    text: str
    trouble: bool = False
    """Whether it was refused, or failed."""


def sessions_of(layout: Layout) -> list[Session]:
    """The session of each iteration that has a record of it."""
    by_iteration: dict[int, Session] = {}
    for path in [*layout.candidates.glob("*/proposer/session.json"), *layout.history.glob("sessions/*/session.json")]:
        session = load_session(path.parent)
        if session is not None:
            by_iteration.setdefault(session.iteration, session)
    return [by_iteration[number] for number in sorted(by_iteration) if number]


def load_session(folder: Path) -> Session | None:
    """The session in a folder of the history; None if there is none."""
    path = folder / "session.json"
    if not path.exists():
        return None
    data = files.load_json(path)
    with files.reading(path):
        names = [name for name in Session.__slots__ if name not in ("files_read", "trials")]
        read, trials = tuple(map(str, data.get("files_read") or ())), tuple(map(_trial, data.get("trials") or ()))
        return Session(**{**{name: data.get(name) for name in names}, "files_read": read, "trials": trials})


def _trial(trial: Any) -> str:
    if not isinstance(trial, dict):
        return str(trial)
    told = {name: len(value) if isinstance(value, list) else value for name, value in trial.items() if name != "digest"}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value is not None)


def medians_of(layout: Layout) -> Medians:
    """Medians over the sessions of a run."""
    found = sessions_of(layout)
    return Medians(
        sessions=len(found),
        files_read=_median([len(one.files_read) for one in found if one.tool_calls]),
        input_tokens=_median([one.input_tokens for one in found]),
        output_tokens=_median([one.output_tokens for one in found]),
        tool_calls=_median([one.tool_calls for one in found]),
        trials=_median([len(one.trials) for one in found]),
        minutes=_median([one.minutes for one in found]),
        cost_usd=_median([one.cost_usd for one in found]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def steps_of(folder: Path) -> list[Step]:
    """What happened in the session of a folder of the history, step by step; empty without a transcript."""
    path = folder / "transcript.jsonl"
    if not path.exists():
        return []
    with files.reading(path):
        steps = [step for line in files.iter_whole_lines(path) for step in _steps(line)]
    left = len(steps) - _MOST_STEPS
    more = (
        [Step(steps[-1].seconds, f"{left} more steps", f"in {path.name} of the candidate's folder")] if left > 0 else []
    )
    return steps[:_MOST_STEPS] + more


def _steps(line: Mapping[str, Any]) -> Iterator[Step]:
    seconds, kind = float(line.get("seconds") or 0), line.get("type")
    if kind == "begin":
        yield Step(seconds, "begins", _short(f"{_as_text(line.get('runs'))}\njail: {line.get('jail')}"))
    elif kind == "prompt":
        yield Step(seconds, "is told", str(line.get("text", "")))
    elif kind == "decision":
        refused = str(line.get("refused") or "")
        text = "\n".join(part for part in (_as_text(line.get("input")), refused and f"refused: {refused}") if part)
        yield Step(seconds, f"{'is refused' if refused else 'calls'} {line.get('tool')}", _short(text), bool(refused))
    elif kind == "output":
        yield Step(seconds, "prints", _short(str(line.get("text", ""))))
    elif kind == "message":
        yield from _said(seconds, line.get("message"))
    elif kind == "end":
        how = " ".join(str(line.get(key) or "") for key in ("status", "reason"))
        yield Step(seconds, "ends", how.strip(), line.get("status") != "ended")


def _said(seconds: float, message: Any) -> Iterator[Step]:
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        if isinstance(block.get("text"), str):
            yield Step(seconds, "says", _short(block["text"]))
        elif isinstance(block.get("thinking"), str):
            yield Step(seconds, "thinks", _short(block["thinking"]))
        elif "tool_use_id" in block:
            yield Step(seconds, "is answered", _short(_as_text(block.get("content"))), bool(block.get("is_error")))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, dict) and isinstance(item.get("text"), str) for item in value):
        return "\n".join(item["text"] for item in value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}\n[{len(text) - _MOST_CHARS:,} more characters]"
