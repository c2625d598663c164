"""The summary of a session, computed from its transcript alone.

A session that ended has reported its own cost. For one that was killed, the recorded calls of the model are priced one
by one; a call whose reply had not begun is not on record.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.models.usage import known_usd

WRITER = "writer"
"""Stands for the model's name in the usage of a writing model, whose calls an agent's own report does not include."""
_MAX_FILES = 500
_CANDIDATE = re.compile(r"(?:^|/)candidates/(c\d{4,})\b")
_PATHS = {"Read": "file_path", "Grep": "path", "Glob": "path"}
_WORD = re.compile(r"[^\s'\"`|&;<>()]+")
_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session did. A field is None if it is not known, as for a command that does not report it."""

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
    """Tool calls that were refused, including those of tools that were not offered."""
    files_read: tuple[str, ...] = ()
    """Paths below the view that were given to reading tools or named in shell commands, in order."""
    candidates: tuple[str, ...] = ()
    """Ids of the candidates among these files."""


@dataclass(slots=True)
class _Tally:
    """The running totals of a transcript."""

    facts: dict[str, str] = field(default_factory=dict)
    """Fields of the summary from the lines `begin` and `end`."""
    reported_usd: dict[str, float] = field(default_factory=dict)
    """The cost of each of the agent's sessions, as it reported it."""
    sums: dict[str, int] = field(default_factory=dict)
    """Turns and tokens."""
    calls: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Calls of the model since the agent last reported its usage."""
    seconds: list[float] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    decided_ids: set[str] = field(default_factory=set)
    """Ids of the tool calls that the guard decided about."""
    tool_calls: int = 0
    refused: int = 0

    def add(self, **counts: int) -> None:
        for name, value in counts.items():
            self.sums[name] = self.sums.get(name, 0) + value

    def cost_usd(self) -> float | None:
        """The cost in US dollars; None if no cost is known.

        An agent's session reports its cost since its beginning, also after it was resumed, so its last report counts.
        """
        priced = [line["cost_usd"] for line in self.calls.values() if line["cost_usd"] is not None]
        return round(known_usd([*self.reported_usd.values(), *priced]), 6) if self.reported_usd or priced else None


def summarize(path: Path, *, view: Path) -> Summary:
    """The summary of a transcript; empty if there is none. view: the folder with the history that the session saw."""
    tally = _Tally()
    with files.reading(path):
        for line in files.iter_whole_lines(path):
            _count(tally, line, view)
    for call in tally.calls.values():
        tally.add(turns=1, input=_input_tokens(call), output=call["output_tokens"])
    read = list(tally.read)
    return Summary(
        **tally.facts,
        minutes=round(sum(tally.seconds) / 60, 2),
        turns=tally.sums.get("turns"),
        input_tokens=tally.sums.get("input"),
        output_tokens=tally.sums.get("output"),
        cost_usd=tally.cost_usd(),
        tool_calls=tally.tool_calls,
        refused=tally.refused,
        files_read=tuple(read[:_MAX_FILES]),
        candidates=tuple(sorted({found[1] for name in read if (found := _CANDIDATE.search(name))})),
    )


def last_session_id(path: Path) -> str | None:
    """The id with which the SDK resumes the last session in a transcript."""
    with files.reading(path):
        ids = [x["message"].get("session_id") for x in files.iter_whole_lines(path) if _is_message(x, "ResultMessage")]
    return ids[-1] if ids else None


def _count(tally: _Tally, line: Mapping[str, Any], view: Path) -> None:
    kind = line["type"]
    if kind == "begin":
        tally.seconds.append(0.0)
        tally.facts["jail"] = line["jail"]
    elif kind == "end":
        tally.facts |= {key: line[key] for key in ("status", "reason")}
    elif kind == "usage":
        tally.calls[line["call"]] = line
    elif kind == "decision":
        tally.tool_calls += 1
        tally.refused += bool(line.get("refused"))
        tally.decided_ids.add(line.get("id") or "")
        _count_file(tally, line, view)
    elif _is_message(line, "ResultMessage"):
        _count_result(tally, line["message"])
    elif _is_message(line, "UserMessage"):
        _count_undecided(tally, line["message"])
    if tally.seconds and kind != "end":
        tally.seconds[-1] = line["seconds"]


def _is_message(line: Mapping[str, Any], kind: str) -> bool:
    return line["type"] == "message" and line.get("kind") == kind and isinstance(line.get("message"), dict)


def _count_result(tally: _Tally, result: Mapping[str, Any]) -> None:
    usage = result.get("usage") or {}
    tally.add(turns=result.get("num_turns") or 0, input=_input_tokens(usage), output=usage.get("output_tokens") or 0)
    if result.get("total_cost_usd") is not None:
        tally.reported_usd[str(result.get("session_id"))] = result["total_cost_usd"]
    tally.calls = {id: call for id, call in tally.calls.items() if call.get("model") == WRITER}


def _input_tokens(usage: Mapping[str, Any]) -> int:
    return sum(usage.get(name) or 0 for name in _TOKENS)


def _count_undecided(tally: _Tally, message: Mapping[str, Any]) -> None:
    """Count tool calls that the agent's program refused without asking the guard, since it has no such tool."""
    failed = [block["tool_use_id"] for block in _blocks(message) if block.get("tool_use_id") and block.get("is_error")]
    undecided = [id for id in failed if id not in tally.decided_ids]
    tally.tool_calls += len(undecided)
    tally.refused += len(undecided)


def _blocks(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    content = message.get("content")
    yield from (block for block in content if isinstance(block, dict)) if isinstance(content, list) else ()


def _count_file(tally: _Tally, line: Mapping[str, Any], view: Path) -> None:
    if line.get("refused"):
        return
    for given in _paths_in(line.get("tool", ""), line.get("input") or {}):
        path = view / given if given.startswith("candidates/") else Path(given)
        if path.is_relative_to(view):
            tally.read[path.relative_to(view).as_posix()] = None


def _paths_in(tool: str, given: Mapping[str, Any]) -> list[str]:
    """The paths that a tool call names; for a shell command, all its words."""
    text = given.get("command" if tool == "Bash" else _PATHS.get(tool, ""))
    if not isinstance(text, str):
        return []
    return _WORD.findall(text) if tool == "Bash" else [text]
