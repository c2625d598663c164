"""The raw record of a proposer's session, one JSON line an event, and what it adds up to.

Lines are appended as things happen, so that a session that was killed has told so far. Every line
has a `type` and the `seconds` since the session began; keys that are known to be secret are
replaced before anything is written. The summary is a function of the lines alone.

    begin      what runs, and in which jail; a session that is asked to mend its candidates has two of them
    prompt     what the agent was told
    message    a message of the Claude Agent SDK, as it came
    decision   what was decided about a tool call: `refused` says why, and is empty where it was allowed
    output     what a command said on both its streams
    end        `status` and `reason`, by whoever ran the proposer
"""

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files

HIDDEN = "[key]"
_MAX_FILES = 500
_CANDIDATE = re.compile(r"(?:^|/)candidates/(c\d{4,})\b")
_PATHS = {"Read": "file_path", "Grep": "path", "Glob": "path"}
_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class Transcript:
    """Appends to a session's record. secrets: texts that must never be in it."""

    def __init__(self, path: Path, *, secrets: Iterable[str] = ()) -> None:
        self._path = path
        self._secrets = sorted((s for s in secrets if len(s) >= 8), key=len, reverse=True)
        self._began = time.monotonic()

    def add(self, type: str, **fields: Any) -> None:
        """Append an event."""
        seconds = round(time.monotonic() - self._began, 2)
        files.append_line(self._path, {"type": type, "seconds": seconds, **self._clean(fields)})

    def _clean(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as plain JSON without secrets, broken characters or what JSON cannot hold."""
        try:
            text = json.dumps(fields, ensure_ascii=False, default=str)
            if files.is_too_deep(fields):
                raise ValueError("nested too deeply")
        except (ValueError, RecursionError) as error:
            text = json.dumps({"unreadable": str(error)})
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        cleaned: dict[str, Any] = json.loads(text.encode(errors="replace"))
        return cleaned


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session did. None: not known, as for a command that does not tell.

    files_read: paths given to reading tools, below the shown folder, in the order of their first reading.
    candidates: ids of candidates among these. refused: tool calls that were refused.
    """

    jail: str = ""
    status: str = ""
    reason: str = ""
    minutes: float = 0.0
    turns: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    tool_calls: int = 0
    refused: int = 0
    files_read: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    facts: dict[str, Any] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    calls: int = 0
    refused: int = 0


def summarize(path: Path, *, view: Path) -> Summary:
    """What a transcript adds up to; that of a session that wrote none is empty. view: the folder it was shown."""
    tally = _Tally()
    for line in files.iter_whole_lines(path):
        _count(tally, line, view)
    read = list(tally.read)
    return Summary(
        **tally.facts,
        minutes=round(sum(tally.seconds) / 60, 2),
        turns=tally.sums.get("turns"),
        input_tokens=tally.sums.get("input"),
        output_tokens=tally.sums.get("output"),
        # The cost of a resumed session counts from its beginning.
        cost_usd=round(sum(tally.costs.values()), 6) if tally.costs else None,
        tool_calls=tally.calls,
        refused=tally.refused,
        files_read=tuple(read[:_MAX_FILES]),
        candidates=tuple(sorted({found[1] for name in read if (found := _CANDIDATE.search(name))})),
    )


def last_session_id(path: Path) -> str | None:
    """The id under which the SDK goes on with the last session in a transcript."""
    ids = [x["message"].get("session_id") for x in files.iter_whole_lines(path) if _is_result(x)]
    return ids[-1] if ids else None


def _count(tally: _Tally, line: Mapping[str, Any], view: Path) -> None:
    kind = line["type"]
    if kind == "begin":
        tally.seconds.append(0.0)
        tally.facts["jail"] = line["jail"]
    elif kind == "end":
        tally.facts |= {key: line[key] for key in ("status", "reason")}
    elif kind == "decision":
        tally.calls += 1
        tally.refused += bool(line.get("refused"))
        _count_file(tally, line, view)
    elif _is_result(line):
        _count_result(tally, line["message"])
    if tally.seconds and kind != "end":
        tally.seconds[-1] = line["seconds"]


def _is_result(line: Mapping[str, Any]) -> bool:
    return line["type"] == "message" and line.get("kind") == "ResultMessage" and isinstance(line.get("message"), dict)


def _count_result(tally: _Tally, result: Mapping[str, Any]) -> None:
    usage = result.get("usage") or {}
    counts = {
        "turns": result.get("num_turns") or 0,
        "input": sum(usage.get(name) or 0 for name in _TOKENS),
        "output": usage.get("output_tokens") or 0,
    }
    for name, value in counts.items():
        tally.sums[name] = tally.sums.get(name, 0) + value
    if result.get("total_cost_usd") is not None:
        tally.costs[str(result.get("session_id"))] = result["total_cost_usd"]


def _count_file(tally: _Tally, line: Mapping[str, Any], view: Path) -> None:
    name = _PATHS.get(line.get("tool", ""), "")
    given = (line.get("input") or {}).get(name)
    if line.get("refused") or not isinstance(given, str):
        return
    path = Path(given)
    if path.is_relative_to(view):
        tally.read[path.relative_to(view).as_posix()] = None
