"""One turn of a model: request in, completion out.

`Backend` is the interface that every kind of judge implements. A backend knows nothing about trajectories, harnesses,
caches or budgets; the gateway adds all of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from meta_reward.files import as_text
from meta_reward.trajectory import Message, Tool, ToolCall, message_to_json, parse_message, parse_tool, tool_to_json

CHARS_PER_TOKEN = 4  # roughly, in English text


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one completion."""

    input_tokens: int
    """Including those read from the provider's own cache."""
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One turn asked of the judge."""

    messages: tuple[Message, ...]
    """The conversation so far; roles user, assistant and tool."""
    system: str | None = None
    tools: tuple[Tool, ...] = ()
    require: str | None = None
    """The name of a tool that must be called before the final answer."""
    schema: dict[str, Any] | None = None
    """JSON schema of the final answer."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One turn of the judge: its text, or the tool calls that it wants answered first."""

    text: str
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str = "end"
    """`end`, `tool`, `length` or `refusal`."""


_UNREADABLE = "arguments that are no JSON object"  # stored in caches and traces


def unreadable_arguments(text: str) -> dict[str, str]:
    """A placeholder for tool call arguments that cannot be parsed; such a call is never run."""
    return {_UNREADABLE: text}


def is_unreadable(call: ToolCall) -> bool:
    """Whether a call's arguments could not be parsed; the judge gets an error instead of a result."""
    return call.arguments.keys() == {_UNREADABLE}


class Backend(Protocol):
    """A kind of judge."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Everything that determines its answers, as plain JSON; part of every cache key."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether it only simulates a model, so that its numbers say nothing about any real one."""
        ...

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn, in a single try. draw: how often the same request was made before for this trajectory.

        Raises JudgeTransient if another try may succeed, JudgeMisconfigured if only the user can fix it,
        PromptTooLong, and JudgeError for any other problem with this request.
        """
        ...

    def cost_usd(self, usage: Usage) -> float | None:
        """What the tokens cost in US dollars, None if the price is unknown."""
        ...


class Model(Backend, Protocol):
    """A backend that the user can name as the judge."""

    def check(self) -> None:
        """Raise JudgeMisconfigured if its key is missing. Sends nothing to the judge."""
        ...

    @property
    def window_tokens(self) -> int | None:
        """How many tokens a request and its reply may have together, None if unknown."""
        ...


def request_to_json(request: Request) -> dict[str, object]:
    """The JSON form of a request, for cache keys and traces."""
    return {
        "system": request.system,
        "messages": [message_to_json(m) for m in request.messages],
        "tools": [tool_to_json(t) for t in request.tools],
        "require": request.require,
        "schema": request.schema,
    }


def request_from_json(data: Any) -> Request:
    """A request from its JSON form, in which multi-line texts may be lists of lines.

    Raises ValueError, KeyError or TypeError if it is malformed.
    """
    return Request(
        tuple(parse_message({**message, "content": as_text(message["content"])}) for message in data["messages"]),
        as_text(data["system"]),
        tuple(parse_tool({**tool, "description": as_text(tool["description"])}) for tool in data["tools"]),
        data["require"],
        data["schema"],
    )


def estimated_tokens(request: Request) -> int:
    """Roughly how many tokens a request has, estimated from its characters."""
    chars = len(request.system or "") + sum(len(message.content) for message in request.messages)
    chars += sum(len(str(part)) for part in (*request.tools, request.schema) if part)
    return chars // CHARS_PER_TOKEN + 1
