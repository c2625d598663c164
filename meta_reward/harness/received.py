"""Parses what a child sent. Any of it may be forged; anything that does not fit raises CandidateError."""

from collections.abc import Mapping
from typing import Any

import orjson

from meta_reward.errors import CandidateError
from meta_reward.files import is_too_deep
from meta_reward.harness import child
from meta_reward.harness.budget import Budget
from meta_reward.harness.entries import Entry, Output
from meta_reward.harness.runtime import ROLES
from meta_reward.models.session import Ask
from meta_reward.trajectory import parse_tool

_MOST_MESSAGE_CHARS, _MOST_TRACEBACK_CHARS = 2_000, 20_000  # no genuine child sends more


def parse_ask(frame: Mapping[str, Any]) -> Ask:
    """The question in a candidate's frame, which may hold anything. Raises CandidateError."""
    number, prompt, system = frame.get("ask"), frame.get("prompt"), frame.get("system")
    require, schema, tools = frame.get("require"), frame.get("schema"), frame.get("tools")
    role = frame.get("role")
    if not isinstance(number, int):
        raise CandidateError("protocol", "an ask without a number")
    if not isinstance(prompt, str) or not isinstance(system, str | None):
        raise CandidateError("TypeError", "prompt and system of judge.ask() must be text")
    if not isinstance(require, str | None) or not isinstance(schema, dict | None) or not isinstance(tools, list):
        raise CandidateError("TypeError", "require, schema or tools of judge.ask() have the wrong type")
    if role is not None and role not in ROLES:
        raise CandidateError("ValueError", f"judge.ask() knows no role {role!r:.40}; known: {', '.join(ROLES)}")
    if is_too_deep([schema, tools]):
        raise CandidateError("ValueError", "schema or tools of judge.ask() are nested too deeply")
    try:
        return Ask(prompt, system, tuple(parse_tool(tool) for tool in tools), require, schema, role)
    except ValueError as error:
        raise CandidateError("TypeError", f"a tool of judge.ask(): {error}") from None


def output_of(frame: Mapping[str, Any], entry: Entry, arguments: Mapping[str, Any], budget: Budget) -> Output:
    """The output in a last frame, which may hold anything. arguments: of the call. Raises CandidateError."""
    value = frame.get("output")
    if is_too_deep(value):
        raise CandidateError("ValueError", f"what {entry.name}() returned is nested too deeply")
    try:
        output = entry.parse(value)
        entry.check(output, arguments)
    except ValueError as error:
        raise CandidateError(type(error).__name__, str(error)) from None
    if not isinstance(output, str):
        size = len(orjson.dumps([output.reason, output.findings]))
        if size > budget.verdict_bytes:
            raise CandidateError("output", f"reason and findings take {size} bytes, more than {budget.verdict_bytes}")
    return output


def parse_use(frame: Mapping[str, Any]) -> tuple[int, str, Mapping[str, Any]]:
    """The number, name and arguments of a request to the host, which may hold anything. Raises CandidateError."""
    number, name, arguments = frame.get("ask"), frame.get("name"), frame.get("arguments")
    if not isinstance(number, int) or not isinstance(name, str) or not isinstance(arguments, dict):
        raise CandidateError("protocol", "a request to the host without a number, a name or arguments")
    if is_too_deep(arguments):
        raise CandidateError("ValueError", "a request to the host is nested too deeply")
    return number, name, arguments


def printed_in(frame: Mapping[str, Any]) -> str:
    """The end of what the candidate has printed, from its last frame."""
    printed = frame.get("printed")
    return child.tail_of(printed) if isinstance(printed, str) else ""


def candidate_error(frame: Mapping[str, Any]) -> CandidateError:
    """The error in a last frame, which may be forged and of any length."""
    kind, message, trace = (str(frame.get(key, "")) for key in ("kind", "message", "traceback"))
    return CandidateError(kind[:100], message[:_MOST_MESSAGE_CHARS], traceback=trace[-_MOST_TRACEBACK_CHARS:])
