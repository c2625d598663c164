"""What a judge is to the rest of the program: one model turn, request in, completion out.

`Backend` is the seam at which kinds of judges plug in. A backend knows nothing of trajectories,
harnesses, caches or budgets; the gateway wraps all of that around it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from meta_reward.files import as_text
from meta_reward.trajectory import Message, Tool, ToolCall, message_to_json, parse_message, parse_tool, tool_to_json

CHARS_PER_TOKEN = 4  # about, of English text


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one completion. input_tokens includes those read from the provider's own cache."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One turn asked of the judge.

    messages: the conversation so far, roles user, assistant and tool. require: the name of a tool
    that must be called before the final answer. schema: JSON schema of the final answer.
    """

    messages: tuple[Message, ...]
    system: str | None = None
    tools: tuple[Tool, ...] = ()
    require: str | None = None
    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One turn of the judge: its text, or the tool calls it wants answered first.

    stop_reason: `end`, `tool`, `length` or `refusal`.
    """

    text: str
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str = "end"


_UNREADABLE = "arguments that are no JSON object"


def unreadable_arguments(text: str) -> dict[str, Any]:
    """What stands for a tool call's arguments that cannot be read: such a call is never run."""
    return {_UNREADABLE: text}


def is_unreadable(call: ToolCall) -> bool:
    """Whether the judge wrote arguments that cannot be read; it is then told so instead of given a result."""
    return call.arguments.keys() == {_UNREADABLE}


class Backend(Protocol):
    """A kind of judge."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Everything that determines its answers, as plain JSON; part of every cache key."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether its numbers say nothing about any real model."""
        ...

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn. draw: 0 for the first time this is asked of a trajectory, then 1, ...

        Tries once. Raises JudgeTransient where another try may succeed, JudgeMisconfigured where only the
        user can help, PromptTooLong, and JudgeError for another fault of this request.
        """
        ...

    def cost_usd(self, usage: Usage) -> float | None:
        """What the tokens cost, None where the price is not known."""
        ...


class Model(Backend, Protocol):
    """A backend that the user can name as the judge."""

    def check(self) -> None:
        """Raise JudgeMisconfigured if its key is missing. Asks the judge nothing."""
        ...

    @property
    def window_tokens(self) -> int | None:
        """How many tokens a request and its reply may have, None where that is not known."""
        ...


def request_to_json(request: Request) -> dict[str, Any]:
    """The JSON form of a request: what cache keys are made from and what traces show."""
    return {
        "system": request.system,
        "messages": [message_to_json(m) for m in request.messages],
        "tools": [tool_to_json(t) for t in request.tools],
        "require": request.require,
        "schema": request.schema,
    }


def request_from_json(data: Any) -> Request:
    """A request from its JSON form, also where texts of several lines are lists of them.

    Raises ValueError, KeyError or TypeError for what is none.
    """
    return Request(
        tuple(parse_message({**message, "content": as_text(message["content"])}) for message in data["messages"]),
        as_text(data["system"]),
        tuple(parse_tool({**tool, "description": as_text(tool["description"])}) for tool in data["tools"]),
        data["require"],
        data["schema"],
    )


def estimated_tokens(request: Request) -> int:
    """About how many tokens a request has, by its characters."""
    chars = len(request.system or "") + sum(len(message.content) for message in request.messages)
    chars += sum(len(str(part)) for part in (*request.tools, request.schema) if part)
    return chars // CHARS_PER_TOKEN + 1
