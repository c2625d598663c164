"""The answer on a draft that a proposer tried: findings, agreement, each pair, and the end of the judge's replies.

Pure functions of the results. Texts are cut and lists are bounded, so that an answer stays small enough for the model
that reads it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result, tokens_of
from meta_reward.files import dump_line, printable
from meta_reward.harness.entries import Output
from meta_reward.harness.runtime import Comparison, Reward
from meta_reward.harness.validate import Report
from meta_reward.kinds.base import Outcomes
from meta_reward.kinds.registry import kind_of
from meta_reward.models.quota import QUOTA_USED_UP
from meta_reward.run.evaluations import has_items, load_items
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import leader_of, load_ledger
from meta_reward.search.tryout.answer_types import (
    BestOnSamePairs,
    CallsUsed,
    ItemResult,
    PairResult,
    TrajectoryResult,
    TryoutAnswer,
    TryoutError,
    TryoutScores,
)
from meta_reward.tasks.base import AnyTaskSet

_MOST_TEXT = 300
_MOST_TRAJECTORIES = 24
_MOST_ERRORS = 5


def answer_of(
    report: Report,
    part: Part,
    results: Sequence[Result],
    *,
    taskset: AnyTaskSet,
    calls: CallsUsed,
    stopped: str,
    history: HistoryLayout,
    detailed: bool,
) -> TryoutAnswer:
    """The answer on a draft: the validator's findings and, if it is valid, its scores on this part.

    stopped: why it ended early; empty if it did not. detailed: whether to show single items and trajectories.
    """
    scores = _scores(taskset, part, results, history, detailed=detailed) if report.ok else None
    return TryoutAnswer(report.ok, report.findings, scores, calls, stopped)


def _scores(
    taskset: AnyTaskSet, part: Part, results: Sequence[Result], history: HistoryLayout, *, detailed: bool
) -> TryoutScores:
    done = {result.example: result for result in results if result.error is None or result.error.kind != QUOTA_USED_UP}
    complete = replace(part, items=[item for item in part.items if all(id in done for id in item.examples)])
    decided = kind_of(taskset).outcomes(taskset, complete, Evaluation(list(done.values())))
    tokens = tokens_of(cost for result in done.values() for cost in result.costs)
    telling = _most_telling(complete, decided)
    return TryoutScores(
        score=_mean(decided),
        pairs=len(decided),
        tied=sum(one.tied for one in decided),
        not_scored=len(part.items) - len(decided),
        tokens_per_trajectory=round((tokens.input_tokens + tokens.output_tokens) / max(1, len(done))),
        best=_best(history, {item.id for item in complete.items}),
        errors=_errors(done.values(), detailed=detailed),
        results=[_item(one) for one in decided] if detailed else None,
        trajectories=[_told(done[name]) for name in telling] if detailed else None,
    )


def _most_telling(part: Part, decided: Outcomes) -> list[str]:
    """Ids of the examples to show in detail, all of an item together: items with the lowest scores first."""
    examples = {item.id: item.examples for item in part.items}
    ordered: list[PairOutcome | ItemOutcome] = [*decided]
    ordered.sort(key=lambda one: one.score)
    names = dict.fromkeys(name for one in ordered for name in examples[one.id])
    return list(names)[:_MOST_TRAJECTORIES]


def _mean(decided: Outcomes) -> float | None:
    return sum(one.score for one in decided) / len(decided) if decided else None


def _best(history: HistoryLayout, ids: set[str]) -> BestOnSamePairs | None:
    """The best candidate so far on the same items; None if it has no results on record."""
    rows = load_ledger(history.ledger)
    if not rows or not ids or not has_items(folder := history.candidate(leader_of(rows).folder)):
        return None
    same = [one.score for one in load_items(folder) if one.id in ids]
    return BestOnSamePairs(leader_of(rows).id, fmean(same) if same else None)


def _errors(results: Iterable[Result], *, detailed: bool) -> list[TryoutError]:
    """The commonest errors of the draft. detailed: with messages, which may reveal parts of a trajectory."""
    failed = [result.error for result in results if result.error is not None]
    texts = Counter(f"{error.kind}: {_cut(error.message)}" if detailed else error.kind for error in failed)
    return [TryoutError(text, count) for text, count in texts.most_common(_MOST_ERRORS)]


def _item(one: PairOutcome | ItemOutcome) -> PairResult | ItemResult:
    kind = PairResult if isinstance(one, PairOutcome) else ItemResult
    return kind(**{name: getattr(one, name) for name in kind.__slots__})


def _told(result: Result) -> TrajectoryResult:
    output, error = result.output, result.error
    reward = output if isinstance(output, Reward) else None
    verdict = None if isinstance(output, str) else output
    replies = [call.reply for call in result.calls if not call.tool_calls]
    return TrajectoryResult(
        id=result.example,
        reward=None if reward is None else reward.score,
        reason=None if verdict is None else _cut(verdict.reason),
        findings=None if verdict is None else _cut(dump_line(verdict.findings).decode().strip()),
        output=_answer(output),
        error=None if error is None else f"{error.kind}: {_cut(error.message)}",
        traceback=None if error is None else printable(error.traceback[-2 * _MOST_TEXT :]),
        printed=_cut(result.printed.rstrip()) if result.printed else None,
        asks=len({call.ask for call in result.calls}),
        last_reply=_cut(replies[-1] if replies else ""),
    )


def _answer(output: Output | None) -> str | None:
    """A program's output as text if it is a comparison or a text; None for a reward."""
    if isinstance(output, Comparison):
        return f"scores {', '.join(f'{score:g}' for score in output.scores)}"
    return _cut(output) if isinstance(output, str) else None


def _cut(text: str) -> str:
    """A text shortened in the middle, where a verdict is rarely found."""
    half = _MOST_TEXT // 2
    short = text if len(text) <= _MOST_TEXT else f"{text[:half]} [...] {text[-half:]}"
    return printable(short)
