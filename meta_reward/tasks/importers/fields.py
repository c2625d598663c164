"""Fields of a row in a user's own format: task, label and run, under the names that people use. Raises RowError."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.importers.messages import clean, read_messages
from meta_reward.tasks.importers.record import Place, RowError, Run, brief, names_of
from meta_reward.tasks.importers.tools import read_tools
from meta_reward.trajectory import Message

MESSAGES = ("messages", "conversation", "conversations", "trajectory", "traj", "items")
TASKS = ("task", "task_id")
_LONGEST_TASK = 80
_WORDS = {"true": 1.0, "false": 0.0}


def as_object(row: Any) -> dict[str, Any]:
    """The row, which must be an object."""
    if not isinstance(row, dict):
        raise RowError("", f"is {brief(row)}, not an object")
    return row


def value_at(row: dict[str, Any], key: str) -> Any:
    """The value of a field, None without one; `a.b` may also be field b of field a."""
    if key in row or "." not in key:
        return row.get(key)
    first, _, rest = key.partition(".")
    inner = row.get(first)
    return value_at(inner, rest) if isinstance(inner, dict) else None


def task_of(row: dict[str, Any], key: str | None) -> str | None:
    """The task that a row names, None if it names none. key: the field; by default `task` or `task_id`."""
    names = (key,) if key else TASKS
    found = [(name, value) for name in names if (value := value_at(row, name)) is not None]
    if not found:
        return None
    name, value = found[0]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError(name, f"is {brief(value)}, neither text nor a whole number")
    return task_name(str(value)) or None


def task_name(text: str) -> str:
    """A text as the name of a task; if it is long or has control characters, it is cut and a digest is appended."""
    plain = text.strip()
    if len(plain) <= _LONGEST_TASK and plain.isprintable() and files.printable(plain) == plain:
        return plain
    start = "".join(c if c.isprintable() and files.printable(c) == c else " " for c in plain[:40])
    return f"{' '.join(start.split())} {digest(text)[:8]}".strip()


def digest(value: Any) -> str:
    """A digest of a JSON value."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def request_name(id: str, asked: Any) -> str:
    """The name of a task whose id may occur in other files: the id and a digest of what was asked."""
    return f"{task_name(id)}-{('nested too deeply' if files.is_too_deep(asked) else digest(asked))[:6]}"


def prompt_name(run: Run) -> str | None:
    """The name of a task without one: the user's first message."""
    return task_name(next((m.content for m in run.messages if m.role == "user" and m.content.strip()), "")) or None


def chosen_score(scores: Mapping[str, Any], row: dict[str, Any], key: str | None, *, place: Place) -> Any:
    """The score that `key` names, else the row's field of that name; without a key, the only score. None if missing.

    Raises DataError if there are several scores and no key.
    """
    if key:
        return scores[key] if key in scores else value_at(row, key)
    if len(scores) > 1:
        names = ", ".join(brief(str(name))[1:-1] for name in sorted(scores)[:8])
        raise DataError(place.path, f"has several scores: {names}", place=place.row, hint="name one with --label-key")
    return next(iter(scores.values()), None)


def word(value: Any) -> str:
    """The value if it is text, else ""; other values may be nested too deeply to be written."""
    return value if isinstance(value, str) else ""


def number_of(value: Any, field: str) -> float | None:
    """A label as a number, None without one."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = _WORDS[value.strip().lower()] if _is_word(value) else float(value)
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise RowError(field, f"is {brief(value)}, not a number: write 1 for a success and 0 for a failure")
    return number


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in _WORDS


def text_field(row: dict[str, Any], name: str) -> str | None:
    """A field that holds text or a number, as text; None without one."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError(name, f"is {brief(value)}, not text")
    return str(value)


def run_of(row: dict[str, Any], *, prefix: str = "", keep_unparsed: bool = False) -> Run:
    """The run in an object with messages, and its policy and tools if it has them."""
    name = next((name for name in MESSAGES if row.get(name) is not None), None)
    if name is not None:
        data = row[name]
    elif row.get("input") is not None and isinstance(row.get("output"), list):  # a response with what it answers
        name, asked = "output", row["input"]
        data = [*([{"role": "user", "content": asked}] if isinstance(asked, str) else asked), *row["output"]]
    else:
        raise RowError(prefix, f"has no field messages; it has {names_of(row)}")
    return with_policy_and_tools(_named(data, f"{prefix}, {name}" if prefix else name, keep_unparsed), row)


def _named(data: Any, field: str, keep_unparsed: bool) -> Run:
    try:
        return read_messages(data, keep_unparsed=keep_unparsed)
    except RowError as error:
        raise error if error.skip and not error.field else error.inside(field) from None


def with_policy_and_tools(run: Run, row: dict[str, Any]) -> Run:
    """The run with the policy and tools that the row has in other fields than its messages.

    A system message that differs from that policy stays a message.
    """
    policy = policy_of(row)
    if policy is not None and run.policy not in (None, policy):
        run = replace(run, messages=(Message("system", run.policy or ""), *run.messages))
    tools = read_tools(row["tools"]) if row.get("tools") is not None else None
    return replace(
        run,
        policy=run.policy if policy is None else policy,
        tools=run.tools if tools is None else tools,
    )


def policy_of(row: dict[str, Any]) -> str | None:
    """The policy that a row names, None without one."""
    for name in ("policy", "system", "instructions"):
        value = row.get(name)
        if isinstance(value, list):
            value = "\n".join(_line(line, name) for line in value)
        if isinstance(value, str):
            return clean(value)
        if value is not None:
            raise RowError(name, f"is {brief(value)}, not text")
    return None


def _line(line: Any, name: str) -> str:
    text = line.get("text") if isinstance(line, dict) else line
    if not isinstance(text, str):
        raise RowError(name, f"holds {brief(line)}, not text")
    return text
