"""The answers to questions about a history: plain data, shown as JSON in this order by `--json` and to agents."""

from dataclasses import dataclass
from typing import Any

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.ledger import Row

Stored = dict[str, Any]
"""JSON of a trace, with multi-line texts joined."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate and how it did on the search split."""

    id: str
    name: str
    parents: tuple[str, ...]
    status: str
    """`scored`, `rejected` by the validator, or `failed` in evaluation."""
    score: float | None
    """Agreement from 0 to 1, None unless scored; `low` and `high` are its 95% interval."""
    low: float | None
    high: float | None
    judge_tokens: int
    """Counted as if nothing had been cached."""
    reason: str
    """Why it was rejected or failed."""


@dataclass(frozen=True, slots=True)
class LedgerEntry(Row):
    """A row of the ledger, and what is computed from it."""

    part: str
    """The part of the harness that it changed, according to its proposal; empty if the proposal does not say."""
    frontier: bool
    """Whether no other candidate has more agreement for fewer judge tokens."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The last candidates, oldest first."""

    candidates: list[LedgerEntry]
    left_out: int
    """How many earlier candidates are not shown."""
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
    """The pairs of one failure category that a candidate does not win."""

    category: str
    """`none` for pairs without any."""
    pairs: int
    """All pairs of the category, including those it wins."""
    lost: int
    """Pairs in which both sides have a reward and the wrong side has the higher one."""
    tied: int
    failed: int
    """Pairs in which a side has no reward."""
    learned: float | None
    """The mean learned reward from 0 to 100 if one scores the items; then no item counts as lost or tied."""
    worst: list[LostPair | WrongItem | LowReward]
    """Failed ones first, then those lost by most, or with the lowest learned reward."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """An error of a candidate, with one example."""

    error: str
    trajectories: int
    """How many trajectories ended with it."""
    example: str
    """The id of one of these trajectories."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What a candidate does not win. A pair with two categories is in both groups, but counts once in these totals."""

    candidate: Standing
    pairs: int
    lost: int
    tied: int
    failed: int
    learned: float | None
    """The same as in a group, over all items."""
    groups: list[FailureGroup]
    """The most pairs not won first, a tie counting one half; with a learned reward, the lowest reward first."""
    errors: list[ErrorCount]
    """The most frequent first."""


@dataclass(frozen=True, slots=True)
class FlippedPair:
    """A pair that two candidates decide differently."""

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    """Id of the trajectory that should get the higher reward; `other` is the id of the other side."""
    other: str
    first_margin: float | None
    """The preferred reward minus the other under the first candidate, in points; None if a side has no reward."""
    second_margin: float | None


@dataclass(frozen=True, slots=True)
class FlippedItem:
    """An item of another kind that two candidates answer differently, one of them correctly."""

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
    """What the second candidate gains over the first, and what it loses."""

    first: Standing
    second: Standing
    pairs: int
    """Pairs that both were scored on."""
    difference: float
    """Agreement of the second candidate minus agreement of the first on these pairs, from -1 to 1."""
    gained: Turned
    lost: Turned


@dataclass(frozen=True, slots=True)
class Suspect:
    """A pair whose label nearly all good candidates contradict."""

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    """Id of the trajectory that the label prefers; `other` is the id of the other side."""
    other: str
    contradicted_by: list[str]
    """Ids of the good candidates that give the preferred side the lower reward, the best candidate first."""
    judged_by: int
    """How many good candidates have a reward for both sides."""
    share: float
    """The share of these candidates that contradict the label, from 0 to 1."""
    mean_margin: float
    """The preferred reward minus the other, in points, on average over these candidates."""
    votes_for: int | None
    """Annotators who agree with the label; None if fewer than two judged the pair, or votes are not shown."""
    votes_against: int | None


@dataclass(frozen=True, slots=True)
class Suspects:
    """The pairs of the search split whose label nearly all good candidates contradict."""

    candidates: list[str]
    """Ids of the good candidates: scored, and at least as good as the baseline on search. Of candidates with the same
    outcome on every pair, only one."""
    pairs: int
    """Pairs of the search split."""
    suspected: int
    worst: list[Suspect]
    """The most suspicious first."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What the second candidate's program changes compared to the first's."""

    first: Standing
    second: Standing
    changed: list[str]
    """Names at the top level of either program whose definitions differ."""
    diff: list[str]
    """The lines of a unified diff."""


@dataclass(frozen=True, slots=True)
class TrajectoryTrace:
    """What a candidate asked the judge about one trajectory, the judge's replies, and the result."""

    trajectory: str
    task: str
    reward: Stored | None
    """Score (or scores, for comparisons), reason and findings; None if the candidate failed or is of another kind."""
    output: str | None
    """The answer of a candidate of another kind."""
    error: Stored | None
    """Kind, message and traceback; None if the candidate did not fail."""
    printed: str
    """What the harness printed."""
    asked: list[Stored]
    """What it asked its host, such as a corpus, with the answers, as the host recorded them."""
    pairs: list[PairOutcome | ItemOutcome]
    """The pairs of the trajectory, or the items of another kind that it decides."""
    asks: int
    """How many questions it asked the judge, shown or not; one question may take several calls."""
    calls: list[Stored]
    """The calls to the judge that are shown, in full."""


@dataclass(frozen=True, slots=True)
class TraceOfTrajectory:
    """The answer about a trajectory. In JSON, the fields of `trace` are on the same level as `candidate`."""

    candidate: Standing
    trace: TrajectoryTrace


@dataclass(frozen=True, slots=True)
class TraceOfPair:
    """The answer about a pair, or about a comparison."""

    candidate: Standing
    pair: PairOutcome | ItemOutcome
    sides: list[TrajectoryTrace]
    """The preferred side, then the other; for a comparison, each order. Sides that were not scored are left out."""


def answer_to_json(answer: object) -> object:
    """The JSON form of an answer."""
    if isinstance(answer, TraceOfTrajectory):
        return {"candidate": answer.candidate, **files.as_dict(answer.trace)}
    return answer
