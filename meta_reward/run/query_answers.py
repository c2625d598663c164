"""The answers to questions about a history: plain data, which `--json` and an agent get as JSON in this order."""

from dataclasses import dataclass
from typing import Any

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.ledger import Row

Stored = dict[str, Any]
"""JSON of a trace, with texts of several lines as texts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate and how it did on the search split."""

    id: str
    name: str
    parents: tuple[str, ...]
    status: str
    """`scored`, `rejected` by the validator, or `failed` in evaluation."""
    score: float | None
    """Share of pairs, None unless scored; `low` and `high` are its 95% interval."""
    low: float | None
    high: float | None
    judge_tokens: int
    """Counted as if nothing had been cached."""
    reason: str
    """Why it was rejected or failed."""


@dataclass(frozen=True, slots=True)
class LedgerEntry(Row):
    """A row of the ledger, and what follows from it."""

    part: str
    """The part of the harness that its proposal says it changed; empty if it says nothing."""
    frontier: bool
    """Whether no other candidate has more agreement for fewer judge tokens."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The last candidates, oldest first."""

    candidates: list[LedgerEntry]
    left_out: int
    """How many came before these."""
    best: str | None
    """Id of the best candidate on search so far; None in an empty ledger."""
    frontier: list[str]
    """Ids, cheapest first."""


@dataclass(frozen=True, slots=True)
class LostPair(PairOutcome):
    """A pair that a candidate does not win."""

    won_by: list[str]
    """Ids of the candidates that win it."""


@dataclass(frozen=True, slots=True)
class WrongItem:
    """An item of another kind that a candidate does not get right."""

    id: str
    task: str
    categories: tuple[str, ...]
    expected: str
    output: str | None
    """What the candidate answered; None if it failed."""
    score: float
    won_by: list[str]
    """Ids of the candidates that get it right."""


@dataclass(frozen=True, slots=True)
class LowReward:
    """An item to which a learned reward gave less than 100."""

    id: str
    task: str
    categories: tuple[str, ...]
    reward: float | None
    """The mean over its trials; None if the program failed in all of them."""
    trials: str
    """The reward of each trial, - where there is none."""


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """What a candidate does not win of one failure category."""

    category: str
    """`none` for pairs without any."""
    pairs: int
    """All pairs of the category, also those it wins."""
    lost: int
    """Pairs with both rewards and the higher one on the wrong side."""
    tied: int
    failed: int
    """Pairs with a side that has no reward."""
    learned: float | None
    """The mean learned reward, where items are scored by one; none is lost or tied then."""
    worst: list[LostPair | WrongItem | LowReward]
    """Failed ones first, then those lost by most, or with the lowest learned reward."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """An error of a candidate, with one example."""

    error: str
    trajectories: int
    """How many ended with it."""
    example: str
    """Id of one of these."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What a candidate does not win. A pair with two categories is in both groups, and counts once here."""

    candidate: Standing
    pairs: int
    lost: int
    tied: int
    failed: int
    learned: float | None
    """As of a group."""
    groups: list[FailureGroup]
    """Those with the most pairs not won first, a tie counting one half; or those with the lowest learned reward."""
    errors: list[ErrorCount]
    """The commonest first."""


@dataclass(frozen=True, slots=True)
class FlippedPair:
    """A pair that two candidates decide differently."""

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    """Id of the trajectory that should get the higher reward; `other` is its partner's."""
    other: str
    first_margin: float | None
    """Points by which the first candidate rewards the preferred side more; None if a side has no reward."""
    second_margin: float | None


@dataclass(frozen=True, slots=True)
class FlippedItem:
    """An item of another kind that two candidates answer differently, one of them right."""

    id: str
    task: str
    categories: tuple[str, ...]
    expected: str
    first_output: str | None
    second_output: str | None


@dataclass(frozen=True, slots=True)
class Turned:
    """The pairs that turned one way."""

    pairs: int
    by_category: dict[str, int]
    widest: list[FlippedPair | FlippedItem]
    """Those whose margins differ most first."""


@dataclass(frozen=True, slots=True)
class Flips:
    """What the second candidate gains on the first, and what it loses."""

    first: Standing
    second: Standing
    pairs: int
    """Pairs that both were scored on."""
    difference: float
    """Agreement of the second minus that of the first on these pairs, from -1 to 1."""
    gained: Turned
    lost: Turned


@dataclass(frozen=True, slots=True)
class Suspect:
    """A pair whose label nearly all good candidates contradict."""

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    """Id of the trajectory that the label prefers; `other` is its partner's."""
    other: str
    contradicted_by: list[str]
    """Ids of the good candidates that reward the preferred side less, the best first."""
    judged_by: int
    """How many good candidates have a reward for both sides."""
    share: float
    """Of these, how many contradict it, from 0 to 1."""
    mean_margin: float
    """The preferred reward minus the other, in points, the mean over these."""
    votes_for: int | None
    """Annotators who agree with the label; None where no two of them judged the pair, or votes are not shown."""
    votes_against: int | None


@dataclass(frozen=True, slots=True)
class Suspects:
    """The pairs of the search split whose label nearly all good candidates contradict."""

    candidates: list[str]
    """Ids of the good candidates: scored, at least as good as the baseline on search, one for each distinct vector
    of outcomes."""
    pairs: int
    """Pairs of the search split."""
    suspected: int
    worst: list[Suspect]
    """The most suspicious first."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What the second candidate's program changes against the first's."""

    first: Standing
    second: Standing
    changed: list[str]
    """Names defined at the top level of either program that differ."""
    diff: list[str]
    """The lines of a unified diff."""


@dataclass(frozen=True, slots=True)
class TrajectoryTrace:
    """What a candidate asked the judge about one trajectory and was told, and what it made of that."""

    trajectory: str
    task: str
    reward: Stored | None
    """Score, or scores of several, reason and findings; None if the candidate failed, or is of another kind."""
    output: str | None
    """The answer of a candidate of another kind."""
    error: Stored | None
    """Kind, message and traceback; None if it did not."""
    printed: str
    """What the harness wrote to its output."""
    asked: list[Stored]
    """What it asked its host, such as a corpus, and was told, as the host recorded it."""
    pairs: list[PairOutcome | ItemOutcome]
    """The pairs of the trajectory, or what else was decided by it."""
    asks: int
    """How many questions it asked, shown or not; a question may take several calls."""
    calls: list[Stored]
    """The calls of the judge that are shown, in full."""


@dataclass(frozen=True, slots=True)
class TraceOfTrajectory:
    """The answer about a trajectory. In JSON the fields of `trace` stand beside the candidate."""

    candidate: Standing
    trace: TrajectoryTrace


@dataclass(frozen=True, slots=True)
class TraceOfPair:
    """The answer about a pair, or about a comparison."""

    candidate: Standing
    pair: PairOutcome | ItemOutcome
    sides: list[TrajectoryTrace]
    """The preferred side, then the other; of a comparison each order. Those are left out that were not scored."""


def answer_to_json(answer: object) -> object:
    """An answer as it is written."""
    if isinstance(answer, TraceOfTrajectory):
        return {"candidate": answer.candidate, **files.as_dict(answer.trace)}
    return answer
