"""What programs receive and return: `Judge` or `Model`, `Reply`, `Reward`, `Comparison`, `Corpus`, `World` and more.

The stable core of the interface. It needs only the standard library, since candidates import it inside the sandbox, and
the parent process imports it too.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from meta_reward.trajectory import Message, Tool

MIN_SCORE, MAX_SCORE = 0.0, 100.0
ROLES = ("router",)
"""Roles that a run's settings may give to another model; otherwise the judge plays them."""


class JudgeError(Exception):
    """The judge could not answer this request. Uncaught, it fails the harness on this trajectory."""


ModelError = JudgeError


class HostError(Exception):
    """A host, such as a corpus or a world, cannot serve this request. The message says why."""


class PromptTooLong(JudgeError):
    """The prompt does not fit the judge's context window: ask again with a shorter view."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The judge's reply, unchanged: possibly empty, cut off, or not what was asked for.

    text: the reply's text. data: the parsed JSON if a schema was given and the reply fits it, else None.
    stop_reason: `end`, `length` (cut off by the token limit) or `refusal`.
    tools_called: names of the harness's tools that the judge called before it answered, in order.
    """

    text: str
    data: Any = None
    stop_reason: str = "end"
    tools_called: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Reward:
    """A harness's verdict on one trajectory.

    score: from 0 to 100. reason: why, for the reader of a trace. findings: anything that JSON can hold and that helps
    to understand the score, such as the result of each check.
    """

    score: float
    reason: str = ""
    findings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A program's verdict on several trajectories of one task.

    scores: one per trajectory, from 0 to 100, in the same order; higher is better. reason, findings: as in `Reward`.
    """

    scores: Sequence[float]
    reason: str = ""
    findings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its label, to learn from."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """A text of a corpus. score: how well it fits the query; comparable within one search only."""

    text: str
    score: float
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Corpus(Protocol):
    """A collection of texts that a program may search."""

    async def search(self, query: str, *, k: int = 5, where: Mapping[str, Any] | None = None) -> list[Found]:
        """The k texts that fit a query best, best first.

        where: by field of the metadata, the value that it must have, or a list of allowed values.
        Raises HostError for a query that cannot be answered.
        """
        ...


Guard = Callable[[str, Mapping[str, Any]], str | None]
"""Checks a call before it is made, given name and arguments. If it returns a text, that is the call's result, and the
call is not made; None lets it through."""


class World(Protocol):
    """The world an agent works in: a customer to talk to, and tools that read and change records."""

    policy: str
    """The rules that the agent works under."""
    tools: Sequence[Tool]
    """The tools that can be called: name, description, and a JSON schema of the arguments."""
    messages: Sequence[Message]
    """What was said and done so far; the first message is the task, as the agent was told."""

    async def say(self, text: str) -> str | None:
        """Say something; returns the customer's answer, or None if they have left. Raises HostError if refused."""
        ...

    async def call(self, name: str, /, **arguments: Any) -> str:
        """Call a tool; returns its result, or what went wrong, as text. Raises HostError if the call is refused."""
        ...

    def transcript(self) -> str:
        """The messages as numbered text, including calls and results."""
        ...

    def functions(self, guard: Guard | None = None) -> list[Callable[..., Awaitable[str]]]:
        """The tools as functions that the model may call: `model.ask(..., tools=world.functions())`."""
        ...


class Judge(Protocol):
    """The fixed judge. Its model and sampling settings belong to the run, not to the harness."""

    async def ask(
        self,
        prompt: str,
        *,
        system: str | None = None,
        tools: Sequence[Callable[..., Any]] = (),
        require: Callable[..., Any] | str | None = None,
        schema: Mapping[str, Any] | None = None,
        role: str | None = None,
    ) -> Reply:
        """Ask once. Asking the same again makes another draw. Use asyncio.gather to ask several questions at once.

        tools: functions of the harness that the judge may call before it answers; name, docstring and type hints
        become the tool's schema. require: one of them, which the judge must call. schema: a JSON schema; the reply's
        `data` then holds the parsed object if it fits. role: `router`, for which a run may name another model.
        Raises PromptTooLong, or JudgeError if the request cannot be answered.
        """
        ...


Model = Judge
"""The same interface, for a model that does not judge."""


def check_reward(value: Any) -> Reward:
    """A harness's return value as a Reward. Raises ValueError for anything outside the interface."""
    reward = value if isinstance(value, Reward) else Reward(score=value)
    score = _checked_score(reward.score, "reward() returned {}, not a Reward or a number")
    _check_words(reward)
    return Reward(score, reward.reason, dict(reward.findings))


def check_comparison(value: Any) -> Comparison:
    """A program's verdict on several trajectories as a Comparison. Raises ValueError for anything else."""
    verdict = value if isinstance(value, Comparison) else Comparison(value)
    if isinstance(verdict.scores, str) or not isinstance(verdict.scores, Sequence):
        what = type(verdict.scores).__name__
        raise ValueError(f"compare() returned {what}, not a Comparison or a list of numbers")
    scores = [_checked_score(score, "compare() returned {} among the scores, not a number") for score in verdict.scores]
    _check_words(verdict)
    return Comparison(scores, verdict.reason, dict(verdict.findings))


def _checked_score(score: Any, otherwise: str) -> float:
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise ValueError(otherwise.format(type(score).__name__))
    if not MIN_SCORE <= score <= MAX_SCORE:  # also true of NaN and infinities
        raise ValueError(f"score {score!r:.40} lies outside 0 to 100")
    return float(score)


def _check_words(verdict: Reward | Comparison) -> None:
    if not isinstance(verdict.reason, str):
        raise ValueError(f"reason is {type(verdict.reason).__name__}, not text")
    if not isinstance(verdict.findings, Mapping):
        raise ValueError(f"findings is {type(verdict.findings).__name__}, not a mapping")
