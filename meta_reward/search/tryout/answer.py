"""What a proposer is told of a draft it tried: findings, agreement, each pair, and in brief what the judge said.

Pure functions of what was scored. Texts are cut and lists are bounded, so that an answer stays small enough for the
model that reads it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from meta_reward.evaluation.metrics import PairOutcome, outcomes
from meta_reward.evaluation.records import Result, tokens_of
from meta_reward.files import dump_line, printable
from meta_reward.harness.validate import Report
from meta_reward.models.quota import QUOTA_USED_UP
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import leader_of, load_ledger
from meta_reward.search.tryout.answer_types import (
    BestOnSamePairs,
    CallsUsed,
    PairResult,
    TrajectoryResult,
    TryoutAnswer,
    TryoutError,
    TryoutScores,
)
from meta_reward.trajectory import Pair

_MOST_TEXT = 300
_MOST_TRAJECTORIES = 24
_MOST_ERRORS = 5


def answer_of(
    report: Report,
    pairs: Sequence[Pair],
    results: Sequence[Result],
    *,
    calls: CallsUsed,
    stopped: str,
    history: HistoryLayout,
    detailed: bool,
) -> TryoutAnswer:
    """The answer on a draft: the validator's findings, and if it is valid what came of these pairs.

    detailed: whether to tell of single pairs and trajectories.
    """
    scores = _scores(pairs, results, history, detailed=detailed) if report.ok else None
    return TryoutAnswer(report.ok, report.findings, scores, calls, stopped)


def _scores(
    pairs: Sequence[Pair], results: Sequence[Result], history: HistoryLayout, *, detailed: bool
) -> TryoutScores:
    scored = {
        result.trajectory: result for result in results if result.error is None or result.error.kind != QUOTA_USED_UP
    }
    complete = [pair for pair in pairs if pair.preferred in scored and pair.other in scored]
    compared = outcomes(complete, {name: result.score for name, result in scored.items()})
    tokens = tokens_of(cost for result in scored.values() for cost in result.costs)
    return TryoutScores(
        score=_agreement(compared),
        pairs=len(compared),
        tied=sum(pair.margin == 0 for pair in compared),
        not_scored=len(pairs) - len(complete),
        tokens_per_trajectory=round((tokens.input_tokens + tokens.output_tokens) / max(1, len(scored))),
        best=_best(history, {pair.id for pair in complete}),
        errors=_errors(scored.values(), detailed=detailed),
        results=[_pair(pair) for pair in compared] if detailed else None,
        trajectories=[_trajectory(scored[name]) for name in _most_telling(compared)] if detailed else None,
    )


def _most_telling(compared: Sequence[PairOutcome]) -> list[str]:
    """The trajectories to tell more about: both sides of each pair, pairs that are not won first."""
    ordered = sorted(compared, key=lambda pair: pair.score)
    names = dict.fromkeys(name for pair in ordered for name in (pair.preferred, pair.other))
    return list(names)[:_MOST_TRAJECTORIES]


def _agreement(compared: Sequence[PairOutcome]) -> float | None:
    return sum(pair.score for pair in compared) / len(compared) if compared else None


def _best(history: HistoryLayout, ids: set[str]) -> BestOnSamePairs | None:
    """The best candidate so far on the same pairs; None if it has no results on record."""
    rows = load_ledger(history.ledger)
    if not rows or not ids or not (folder := history.candidate(leader_of(rows).folder) / "pairs.jsonl").exists():
        return None
    same = [pair for pair in load_pairs(folder.parent) if pair.id in ids]
    return BestOnSamePairs(leader_of(rows).id, _agreement(same))


def _errors(results: Iterable[Result], *, detailed: bool) -> list[TryoutError]:
    """The commonest errors of the draft. detailed: with messages, which may tell of a trajectory."""
    failed = [result.error for result in results if result.error is not None]
    texts = Counter(f"{error.kind}: {_cut(error.message)}" if detailed else error.kind for error in failed)
    return [TryoutError(text, count) for text, count in texts.most_common(_MOST_ERRORS)]


def _pair(pair: PairOutcome) -> PairResult:
    return PairResult(**{name: getattr(pair, name) for name in PairResult.__slots__})


def _trajectory(result: Result) -> TrajectoryResult:
    reward, error = result.reward, result.error
    replies = [call.reply for call in result.calls if not call.tool_calls]
    return TrajectoryResult(
        id=result.trajectory,
        reward=None if reward is None else reward.score,
        reason=None if reward is None else _cut(reward.reason),
        findings=None if reward is None else _cut(dump_line(reward.findings).decode().strip()),
        error=None if error is None else f"{error.kind}: {_cut(error.message)}",
        traceback=None if error is None else printable(error.traceback[-2 * _MOST_TEXT :]),
        printed=_cut(result.printed.rstrip()) if result.printed else None,
        asks=len({call.ask for call in result.calls}),
        last_reply=_cut(replies[-1] if replies else ""),
    )


def _cut(text: str) -> str:
    """A text without its middle, where a verdict is rarely found."""
    half = _MOST_TEXT // 2
    short = text if len(text) <= _MOST_TEXT else f"{text[:half]} [...] {text[-half:]}"
    return printable(short)
