"""The trace of one run of a program, for example on a trajectory: every call in full, then the output or the error.

Repeated text is written only once:

    "begins_like_call": 1      before the messages of a call: they continue those of call 1
    {"same_as": "call 1, message 2, lines 3-40"}    among the lines of a text: stands for those lines

Calls, messages and lines are counted from 1, as they are in the file; a reference always points to lines that are
written out.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.evaluation.records import REWARD, CallRecord, Result, record_to_json
from meta_reward.harness.entries import output_to_json

_SCHEMA = 1
_MIN_REPEATED = 200  # characters; shorter repeated text is easier to read than a reference
_REFERENCE = re.compile(r"(?P<text>.+), lines (?P<first>[1-9]\d*)-(?P<last>\d+)")

Lines = list[Any]
"""A text in a trace file: its lines, and references to lines elsewhere in the file."""


def render_trace(result: Result) -> dict[str, Any]:
    """The content of a result's trace file. Multi-line texts are lists of lines.

    For a reward it has the keys `trajectory` and `reward`, for other programs `example` and `output`.
    """
    example, output = names_of(result.entry)
    return {
        "schema": _SCHEMA,
        example: result.example,
        "task": result.task,
        **({"entry": result.entry} if result.entry != REWARD else {}),
        "calls": _refer_to_lines(files.as_lines(_without_repetition(result.calls))),
        **({"asked": files.as_lines(result.asked)} if result.asked else {}),
        output: None if result.output is None else files.as_lines(output_to_json(result.output)),
        "error": files.as_lines(record_to_json(result.error)) if result.error else None,
        **({"printed": result.printed.removesuffix("\n").split("\n")} if result.printed else {}),
    }


def names_of(entry: str) -> tuple[str, str]:
    """The keys in trace files for an example and an output. entry: the function that was called."""
    return ("trajectory", "reward") if entry == REWARD else ("example", "output")


def load_error(path: Path) -> str:
    """Why a harness failed, according to its trace file; empty if it did not fail."""
    trace = files.load_json(path)
    with files.reading(path):
        error = trace["error"]
        return "" if error is None else f"{error['kind']}: {files.as_text(error['message'])}"


def load_trace(path: Path) -> dict[str, Any]:
    """The content of a trace file with all references resolved: every call and every text is complete."""
    trace: dict[str, Any] = files.load_json(path)
    with files.reading(path):
        _follow_references(trace["calls"])
        for call in trace["calls"]:
            if number := call.pop("begins_like_call", None):
                call["messages"] = [*trace["calls"][number - 1]["messages"], *call["messages"]]
    return trace


def _without_repetition(calls: Sequence[CallRecord]) -> list[dict[str, Any]]:
    """Calls as dicts. If a call begins with all messages of an earlier call, only its further messages are kept."""
    found = []
    for place, call in enumerate(calls):
        shared = [len(c.messages) * (c.messages == call.messages[: len(c.messages)]) for c in calls[:place]]
        if most := max(shared, default=0):
            like = {"begins_like_call": shared.index(most) + 1}
            found.append(like | record_to_json(call) | {"messages": call.messages[most:]})
        else:
            found.append(record_to_json(call))
    return found


def _refer_to_lines(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace lines that repeat an earlier text by references. Changes `calls` and returns them."""
    known: dict[str, tuple[str, Lines, int]] = {}  # each line: a text that holds it, and its place there
    for name, holder, key in _texts(calls):
        stored = holder[key] = list(_with_references(holder[key], known))
        for place, line in enumerate(stored):
            if isinstance(line, str):
                known.setdefault(line, (name, stored, place))
    return calls


def _with_references(lines: Lines, known: dict[str, tuple[str, Lines, int]]) -> Iterator[Any]:
    place = 0
    while place < len(lines):
        name, text, start = known.get(lines[place], ("", [], 0))
        length = 0
        while place + length < len(lines) and lines[place + length] in text[start + length : start + length + 1]:
            length += 1
        if sum(len(line) + 1 for line in lines[place : place + length]) < _MIN_REPEATED:
            yield lines[place]
            place += 1
        else:
            yield {"same_as": f"{name}, lines {start + 1}-{start + length}"}
            place += length


def _follow_references(calls: list[dict[str, Any]]) -> None:
    """Replace references by the lines they point to. Changes `calls`. Raises ValueError for a broken reference."""
    texts = {name: holder[key] for name, holder, key in _texts(calls)}
    for _, holder, key in _texts(calls):
        holder[key] = [line for entry in holder[key] for line in _lines_of(entry, texts)]


def _lines_of(entry: Any, texts: dict[str, Lines]) -> Lines:
    if isinstance(entry, str):
        return [entry]
    found = _REFERENCE.fullmatch(entry["same_as"])
    if found:
        first, last = int(found["first"]), int(found["last"])
        lines = texts.get(found["text"], [])[first - 1 : last]
        if len(lines) == last - first + 1 and all(isinstance(line, str) for line in lines):
            return lines
    raise ValueError(f"there are no lines {entry['same_as']!r}")


def _texts(calls: Sequence[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The multi-line texts of all prompts: (name, dict, key in that dict) of each."""
    for number, call in enumerate(calls, 1):
        places = [("system", call, "system")]
        places += [(f"message {n}", message, "content") for n, message in enumerate(call["messages"], 1)]
        for name, holder, key in places:
            if isinstance(holder.get(key), list):
                yield f"call {number}, {name}", holder, key
