"""The calls of a run by what they do: read, write, hand over, or fail. Judged by form, as a reader would.

The first word of a tool's name says whether it reads; where that is no common verb, the first word of its description.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from meta_reward.harness.audit.values import Leaf, data_in, is_id, leaves, split_name, tokens
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, render_call

READ, WROTE, FAILED, HANDED_OVER = "read", "wrote", "failed", "handed over"

_LOOKUP = re.compile(
    r"(analy[sz]e|browse|calc|calculate|can|check|compare|compute|convert|count|describe|estimate|evaluate|examine|explain|"
    r"fetch|filter|find|get|has|inspect|is|list|load|locate|look|lookup|preview|query|quote|read|retrieve|return|search|"
    r"show|summari[sz]e|test|think|track|validate|verify|view)s?"
)
_HANDOVER = re.compile(
    r"escalat|hand_?(off|over)|transfer.*(human|agent|specialist|representative|team|support|operator|person|supervisor)"
)
_FAILURE = re.compile(
    r'(?i)^\W*(error|exception|failed|failure|invalid|traceback|unknown|no such)\b|^\W{0,3}"?(error|is_error)"?\s*:\s*'
    r'(?!null|none|false|""|\[\])|"(success|ok)": *false'
)


@dataclass(frozen=True)
class Made:
    """A call of the agent with its result. number: the message that makes it, from 1."""

    number: int
    call: ToolCall
    result: str
    kind: str

    @property
    def what(self) -> str:
        return render_call(self.call)

    @cached_property
    def values(self) -> tuple[Leaf, ...]:
        """Its arguments that are plain values."""
        return tuple(leaves(self.call.arguments))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The identifiers among its arguments, in lower case."""
        return tuple(dict.fromkeys(value.lower() for key, value in self.values if is_id(key, value)))

    @cached_property
    def targets(self) -> tuple[Leaf, ...]:
        """The identifiers among its top-level arguments: the records that it is about."""
        return tuple((key, value) for key, value in self.call.arguments.items() if is_id(key, value))

    @cached_property
    def highest(self) -> dict[str, int]:
        """The highest whole number of each field in its arguments and its result."""
        found: dict[str, int] = {}
        for key, value in (*self.values, *leaves(data_in(self.result))):
            if isinstance(value, int) and not isinstance(value, bool):
                found[key] = max(value, found.get(key, value))
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of its arguments and its result, in lower case."""
        return tokens(f"{self.what} {self.result}")


def calls_of(trajectory: Trajectory) -> list[Made]:
    """Every call of the agent, in order."""
    answers = {m.tool_call_id: m for m in trajectory.messages if m.role == "tool"}
    tools = {tool.name: tool for tool in trajectory.tools}
    return [
        Made(number, call, answer.content if answer else "", _kind(call.name, tools.get(call.name), answer))
        for number, message in enumerate(trajectory.messages, 1)
        if message.role == "assistant"
        for call in message.tool_calls
        for answer in (answers.get(call.id),)
    ]


def writing_tools(trajectory: Trajectory) -> list[tuple[str, str]]:
    """Name and description of every tool, offered or called, that writes."""
    known = {tool.name: tool.description for tool in trajectory.tools}
    known = {call.name: "" for call, _ in trajectory.calls()} | known
    tools = {tool.name: tool for tool in trajectory.tools}
    return [(name, text) for name, text in known.items() if _does(name, tools.get(name)) == WROTE]


def options_of(tools: tuple[Tool, ...], name: str) -> dict[str, tuple[str, ...]]:
    """The values that a tool's schema lists, by field."""
    properties = next((tool.parameters.get("properties") for tool in tools if tool.name == name), None)
    fields = properties.items() if isinstance(properties, dict) else ()
    listed = {
        key: spec["enum"] for key, spec in fields if isinstance(spec, dict) and isinstance(spec.get("enum"), list)
    }
    return {key: tuple(str(value) for value in values) for key, values in listed.items()}


def _kind(name: str, tool: Tool | None, answer: Message | None) -> str:
    if answer is None or answer.is_error or _FAILURE.search(answer.content[:300]):
        return FAILED
    return _does(name, tool)


def _does(name: str, tool: Tool | None) -> str:
    last = re.split(r"__|[./]", name)[-1]
    if _HANDOVER.search(last.lower()):
        return HANDED_OVER
    verb = next(iter(split_name(last)), "")
    first = re.match(r"\W*([A-Za-z]+)", tool.description) if tool else None
    words = {verb, first[1].lower()} if first else {verb}
    return READ if any(_LOOKUP.fullmatch(word) for word in words) else WROTE
