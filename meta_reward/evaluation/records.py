"""The record of one run of a program: each call of its model, what the call took, and how the program failed.

Each dataclass is written to JSON field by field.
"""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from meta_reward.completion import request_to_json
from meta_reward.evaluation.metrics import Tokens
from meta_reward.harness.entries import Output
from meta_reward.harness.runtime import Reward
from meta_reward.models.usage import total_usd
from meta_reward.trajectory import tool_call_to_json

if TYPE_CHECKING:
    from meta_reward.models.session import Call

REWARD = "reward"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What was asked and answered in one turn of the judge; it does not depend on where and when the call is made."""

    ask: int
    """The question it belongs to, from 1."""
    turn: int
    """Its place in the conversation about that question, from 1."""
    draw: int
    """How many times the same question was asked before."""
    system: str | None
    messages: list[dict[str, Any]]
    """As `message_to_json` writes them."""
    tools: list[dict[str, Any]]
    """As `tool_to_json` writes them."""
    require: str | None
    """The tool that the judge must call before its final answer."""
    schema: dict[str, Any] | None
    """The JSON schema of the final answer."""
    reply: str
    tool_calls: list[dict[str, Any]]
    """As `tool_call_to_json` writes them."""
    stop_reason: str
    _: KW_ONLY
    role: str | None = None
    """The role in which the model was asked; None, and not written, for the judge itself."""


@dataclass(frozen=True, slots=True)
class FailedCallRecord(CallRecord):
    """A call without a reply."""

    error: str
    """Type and message of the error."""


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one turn of the judge took."""

    ask: int
    turn: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    """Those of the input tokens that the provider read from its own cache."""
    cache_write_tokens: int
    cost_usd: float | None
    """US dollars that it costs if it is not cached, None if the price is not known."""
    cached: bool
    """Whether our own cache answered it, so that nothing was paid."""
    tries: int
    error: str | None
    """The type of the error if there is no reply."""
    seconds: float
    role: str | None = None
    """The role in which the model was asked; None, and not written, for the judge itself."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a program gave no output."""

    kind: str
    """A budget that was exceeded, or the type of an exception."""
    message: str
    traceback: str


def call_record(call: "Call") -> CallRecord:
    """The record of what was asked and answered in a call."""
    completion = call.completion
    parts: dict[str, Any] = {
        "ask": call.ask,
        "turn": call.turn,
        "draw": call.draw,
        **request_to_json(call.request),
        "reply": completion.text,
        "tool_calls": [tool_call_to_json(made) for made in completion.tool_calls],
        "stop_reason": completion.stop_reason,
        "role": call.role,
    }
    return (
        FailedCallRecord(**parts, error=f"{type(call.error).__name__}: {call.error}")
        if call.error
        else CallRecord(**parts)
    )


def parse_call_record(data: dict[str, Any]) -> CallRecord:
    """A call record from its JSON form."""
    return FailedCallRecord(**data) if "error" in data else CallRecord(**data)


def record_to_json(record: CallRecord | CallCost | Failure) -> dict[str, Any]:
    """A record as a dict. Unlike `asdict`, it does not copy the values."""
    values = {one.name: getattr(record, one.name) for one in fields(record)}
    if values.get("role", "") is None:
        del values["role"]
    return values


def call_cost(call: "Call") -> CallCost:
    """What a call took."""
    usage = call.completion.usage
    return CallCost(
        ask=call.ask,
        turn=call.turn,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cost_usd=call.cost_usd,
        cached=call.cached,
        tries=call.tries,
        error=type(call.error).__name__ if call.error else None,
        seconds=round(call.seconds, 4),
        role=call.role,
    )


def tokens_of(costs: Iterable[CallCost]) -> Tokens:
    """The tokens and the cost of calls; cached calls count like any other."""
    costs = list(costs)
    return Tokens(
        judge_calls=len(costs),
        input_tokens=sum(cost.input_tokens for cost in costs),
        output_tokens=sum(cost.output_tokens for cost in costs),
        cost_usd=total_usd(cost.cost_usd for cost in costs),
    )


@dataclass(frozen=True, slots=True)
class Result:
    """One run of a program: for rewards, one trajectory scored by one harness."""

    example: str
    task: str
    output: Output | None
    """What the program returned, None if it failed."""
    error: Failure | None
    """Why the program failed, None if it did not."""
    calls: list[CallRecord]
    costs: list[CallCost]
    """What each call took, in the same order."""
    printed: str = ""
    """The end of what the program printed."""
    entry: str = REWARD
    """The function that was called."""
    asked: list[Any] = field(default_factory=list)
    """What it asked its host, with the answers."""

    @property
    def score(self) -> float | None:
        """The reward from 0 to 100, None if there is none."""
        return self.output.score if isinstance(self.output, Reward) else None

    @property
    def text(self) -> str | None:
        """The text that the program returned, None if there is none."""
        return self.output if isinstance(self.output, str) else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of an evaluation."""

    results: list[Result]
    """In the order of the examples."""
    broken: bool = False
    """Whether it was stopped early because the candidate failed on most of its first examples."""
    not_run: tuple[str, ...] = ()
    """The ids of the examples that were therefore not run."""

    @property
    def rewards(self) -> dict[str, float | None]:
        return {result.example: result.score for result in self.results}

    @property
    def tokens(self) -> Tokens:
        return tokens_of(cost for result in self.results for cost in result.costs)
