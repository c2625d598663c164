"""The answer on a draft that was tried, and its JSON, which an agent reads and `--json` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from meta_reward.files import as_dict
from meta_reward.harness.validate import Finding, findings_to_json, parse_findings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PairResult:
    """The result of the draft on one pair."""

    id: str
    categories: Sequence[str]
    preferred: str
    """Id of the trajectory that should get the higher reward; `other` is the id of the other one."""
    other: str
    preferred_reward: float | None
    other_reward: float | None
    margin: float | None
    """The preferred reward minus the other, in points; None if a side has no reward."""
    score: float
    """1 for a pair that is won, 0.5 for a tie, else 0."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of the draft on one item that is not a pair."""

    id: str
    categories: Sequence[str]
    expected: str
    output: str | None
    """What the draft answered; None if it failed."""
    score: float
    """1 if the output is right, else 0."""


@dataclass(frozen=True, slots=True)
class TrajectoryResult:
    """The result of the draft on one example, such as a trajectory. Long texts are cut; JSON leaves out None."""

    id: str
    reward: float | None
    """From 0 to 100, None if the draft failed; `reason` and `findings` (as JSON) likewise."""
    reason: str | None
    findings: str | None
    output: str | None
    """What the draft returned, if it is not a reward; scores of a comparison as text."""
    error: str | None
    """Kind and message, None if the draft did not fail; `traceback` likewise."""
    traceback: str | None
    printed: str | None
    """What the draft wrote to its output, None if it wrote nothing."""
    asks: int
    """How many questions it asked the judge."""
    last_reply: str
    """The judge's last reply; empty if there was none."""


@dataclass(frozen=True, slots=True)
class BestOnSamePairs:
    """The best candidate so far, for comparison."""

    id: str
    score: float | None
    """Its mean score on the pairs of the tryout that it has results for; None if it has none of them."""


@dataclass(frozen=True, slots=True)
class TryoutError:
    """An error of the draft, or only its kind if the message could reveal parts of a trajectory."""

    error: str
    trajectories: int
    """How many trajectories failed with it."""


@dataclass(frozen=True, slots=True)
class TryoutScores:
    """The scores of the draft on the pairs."""

    score: float | None
    """Share of the scored pairs, a tie counting one half; None if no pair is scored."""
    pairs: int
    """Pairs with both sides scored; a side on which the draft failed counts as scored, without a reward."""
    tied: int
    not_scored: int
    """Pairs for which judge calls were missing, or that were not reached."""
    tokens_per_trajectory: int
    best: BestOnSamePairs | None
    """None if no candidate has results on record."""
    errors: Sequence[TryoutError]
    """The commonest first."""
    results: Sequence[PairResult | ItemResult] | None = None
    """None, and left out of JSON, if the proposer may not see single pairs; `trajectories` likewise."""
    trajectories: Sequence[TrajectoryResult] | None = None


@dataclass(frozen=True, slots=True)
class CallsUsed:
    """Judge calls of one tryout."""

    made: int
    """All calls, also those that the cache answered."""
    new: int
    """The calls that the judge answered."""
    cost_usd: float | None
    """The cost of the new calls; None if their price is not known."""
    left: int
    """New calls that the session may still make."""


@dataclass(frozen=True, slots=True)
class TryoutAnswer:
    """The answer on one draft. In JSON the fields of `scores` are on the same level as the others."""

    ok: bool
    """Whether the draft is a valid harness."""
    findings: Sequence[Finding]
    """What the validator found."""
    scores: TryoutScores | None
    """None if the draft is not valid."""
    judge_calls: CallsUsed
    stopped: str = ""
    """Why it ended early; empty, and left out of JSON, if it did not."""


def tryout_to_json(answer: TryoutAnswer) -> object:
    """The JSON of an answer."""
    scores = {} if answer.scores is None else _scores_to_json(answer.scores)
    stopped = {"stopped": answer.stopped} if answer.stopped else {}
    findings = findings_to_json(answer.findings)
    return {"ok": answer.ok, "findings": findings, **scores, "judge_calls": answer.judge_calls, **stopped}


def _scores_to_json(scores: TryoutScores) -> dict[str, object]:
    shown: dict[str, object] = as_dict(scores)
    if scores.results is None:
        del shown["results"]
    if scores.trajectories is None:
        del shown["trajectories"]
    else:
        shown["trajectories"] = [_without_none(as_dict(told)) for told in scores.trajectories]
    return shown


def tryout_from_json(data: Mapping[str, Any]) -> TryoutAnswer:
    """The answer from its JSON, the inverse of `tryout_to_json`."""
    scores = None
    if "score" in data:
        best, results, told = (data.get(name) for name in ("best", "results", "trajectories"))
        parts = {
            "best": best and _parsed(BestOnSamePairs, best),
            "errors": [_parsed(TryoutError, error) for error in data["errors"]],
            "results": None if results is None else [_result(one) for one in results],
            "trajectories": None if told is None else [_parsed(TrajectoryResult, one) for one in told],
        }
        scores = _parsed(TryoutScores, {**data, **parts})
    calls = _parsed(CallsUsed, data["judge_calls"])
    return TryoutAnswer(data["ok"], parse_findings(data["findings"]), scores, calls, data.get("stopped", ""))


def _result(data: Mapping[str, Any]) -> PairResult | ItemResult:
    return _parsed(PairResult, data) if "preferred" in data else _parsed(ItemResult, data)


def _without_none(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _parsed(kind: type[_T], data: Mapping[str, Any]) -> _T:
    declared: Any = kind
    return kind(**{item.name: data.get(item.name) for item in fields(declared)})
