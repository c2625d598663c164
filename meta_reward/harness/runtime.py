"""What a program receives and returns: `Judge` or `Model`, `Reply`, `Reward`, `Comparison`, and what other kinds get.

The stable heart of the interface. Standard library only: it is imported by candidates inside the
sandbox as well as by the parent process.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from meta_reward.trajectory import Message, Tool

MIN_SCORE, MAX_SCORE = 0.0, 100.0
ROLES = ("router",)
"""Parts that another model may play: the judge itself, unless a run's settings name one."""


class JudgeError(Exception):
    """The judge could not answer this request. Uncaught, it fails the harness on this trajectory."""


ModelError = JudgeError


class HostError(Exception):
    """A request that what was asked, such as a corpus, cannot serve. It says why."""


class PromptTooLong(JudgeError):
    """The prompt does not fit the judge's context window: ask again with a shorter view."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the judge answered, as it is: possibly empty, cut off, or not what was asked for.

    text: the reply's text. data: the parsed JSON where a schema was asked for and met, else None.
    stop_reason: `end`, `length` (cut off by the token limit) or `refusal`.
    tools_called: names of the harness's tools the judge called before answering, in order.
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

    score: from 0 to 100. reason: why, for the reader of a trace. findings: anything JSON can hold
    that helps to understand the score, such as what each check found.
    """

    score: float
    reason: str = ""
    findings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A program's verdict on several trajectories of one task.

    scores: one from 0 to 100 for each, in their order, the better the higher. The rest as for a `Reward`.
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
    """The texts that a program may search."""

    async def search(self, query: str, *, k: int = 5, where: Mapping[str, Any] | None = None) -> list[Found]:
        """The k texts that fit a query best, best first.

        where: values that metadata must have, or lists of values of which they must have one.
        Raises HostError for a query that cannot be answered.
        """
        ...


Guard = Callable[[str, Mapping[str, Any]], str | None]
"""Looks at a call before it is made, by name and arguments: a text is its result, and it is not made."""


class World(Protocol):
    """Where an agent works: a customer to talk to, and tools that read and alter records."""

    policy: str
    """The rules that the agent works under."""
    tools: Sequence[Tool]
    """What can be called: name, description, and a JSON schema of the arguments."""
    messages: Sequence[Message]
    """What was said and done so far, the first being what the agent was told."""

    async def say(self, text: str) -> str | None:
        """What the customer answers; None if they have left. Raises HostError for what cannot be said."""
        ...

    async def call(self, name: str, /, **arguments: Any) -> str:
        """The result of a tool, or what went wrong, as text. Raises HostError for what cannot be called."""
        ...

    def transcript(self) -> str:
        """The messages as numbered text, with calls and results in place."""
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
        """Ask once. Asking the same again is another draw; several at once with asyncio.gather is welcome.

        tools: functions of the harness that the judge may call before it answers; name, docstring
        and type hints become the tool's schema. require: one of them that it must call.
        schema: a JSON schema; the reply's `data` then holds the parsed object. role: `router`, for which a run may
        name another model.
        Raises PromptTooLong, or JudgeError where the request cannot be answered.
        """
        ...


Model = Judge
"""The same, where it does not judge."""


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
    if not MIN_SCORE <= score <= MAX_SCORE:  # NaN and infinities do not either
        raise ValueError(f"score {score!r:.40} lies outside 0 to 100")
    return float(score)


def _check_words(verdict: Reward | Comparison) -> None:
    if not isinstance(verdict.reason, str):
        raise ValueError(f"reason is {type(verdict.reason).__name__}, not text")
    if not isinstance(verdict.findings, Mapping):
        raise ValueError(f"findings is {type(verdict.findings).__name__}, not a mapping")
