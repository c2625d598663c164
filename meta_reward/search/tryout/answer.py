"""What a proposer is told of a trial: findings, agreement, each pair, and in brief what the judge said.

Pure functions of what was scored. Texts are cut and lists are bounded, so that an answer stays small
enough to be read by the model that asked for it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from meta_reward.evaluation.evaluate import Result
from meta_reward.evaluation.metrics import PairOutcome, outcomes
from meta_reward.evaluation.records import tokens_of
from meta_reward.files import dump_line, printable
from meta_reward.harness.validate import Report, report_to_json
from meta_reward.models.quota import QUOTA_USED_UP
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import leader_of, load_ledger
from meta_reward.trajectory import Pair

_MOST_TEXT = 300
_MOST_TRAJECTORIES = 24
_MOST_ERRORS = 5


def answer_of(
    report: Report, pairs: Sequence[Pair], results: Sequence[Result], *, history: HistoryLayout, detailed: bool
) -> dict[str, Any]:
    """The answer on a draft: the validator's findings, and if it has none what came of these pairs."""
    answer: dict[str, Any] = {"ok": report.ok, "findings": report_to_json(report)["findings"]}
    if not report.ok:
        return answer
    scored = {
        result.trajectory: result for result in results if result.error is None or result.error.kind != QUOTA_USED_UP
    }
    complete = [pair for pair in pairs if pair.preferred in scored and pair.other in scored]
    compared = outcomes(complete, {name: result.score for name, result in scored.items()})
    tokens = tokens_of(cost for result in scored.values() for cost in result.costs)
    answer |= {
        "agreement": _agreement(compared),
        "pairs": len(compared),
        "tied": sum(pair.margin == 0 for pair in compared),
        "not_scored": len(pairs) - len(complete),
        "tokens_per_trajectory": round((tokens.input_tokens + tokens.output_tokens) / max(1, len(scored))),
        "best": _best(history, {pair.id for pair in complete}),
        "errors": _errors(scored.values(), detailed=detailed),
    }
    if detailed:
        answer["results"] = [_pair(pair) for pair in compared]
        answer["trajectories"] = [_trajectory(scored[name]) for name in _most_telling(compared)]
    return answer


def _most_telling(compared: Sequence[PairOutcome]) -> list[str]:
    """The trajectories to tell more of: both sides of each pair, those that are not won first."""
    ordered = sorted(compared, key=lambda pair: pair.agreement)
    names = dict.fromkeys(name for pair in ordered for name in (pair.preferred, pair.other))
    return list(names)[:_MOST_TRAJECTORIES]


def _agreement(compared: Sequence[PairOutcome]) -> float | None:
    return sum(pair.agreement for pair in compared) / len(compared) if compared else None


def _best(history: HistoryLayout, ids: set[str]) -> dict[str, Any] | None:
    """The best candidate so far on the same pairs, to compare with; None where it has none on record."""
    rows = load_ledger(history.ledger)
    if not rows or not ids or not (folder := history.candidate(leader_of(rows).folder) / "pairs.jsonl").exists():
        return None
    same = [pair for pair in load_pairs(folder.parent) if pair.id in ids]
    return {"id": leader_of(rows).id, "agreement": _agreement(same)}


def _errors(results: Iterable[Result], *, detailed: bool) -> list[dict[str, Any]]:
    """The commonest errors of the draft; their kinds alone where a message could tell of a trajectory."""
    failed = [result.error for result in results if result.error is not None]
    texts = Counter(f"{error.kind}: {_cut(error.message)}" if detailed else error.kind for error in failed)
    return [{"error": text, "trajectories": count} for text, count in texts.most_common(_MOST_ERRORS)]


def _pair(pair: PairOutcome) -> dict[str, Any]:
    names = ("id", "categories", "preferred", "other", "preferred_reward", "other_reward", "margin", "agreement")
    return {name: getattr(pair, name) for name in names}


def _trajectory(result: Result) -> dict[str, Any]:
    """A trajectory in brief: its reward with reason and findings, or its error; the last words of the judge."""
    told: dict[str, Any] = {"id": result.trajectory}
    if result.reward is not None:
        findings = dump_line(result.reward.findings).decode().strip()
        told |= {"reward": result.reward.score, "reason": _cut(result.reward.reason), "findings": _cut(findings)}
    if result.error is not None:
        told["error"] = f"{result.error.kind}: {_cut(result.error.message)}"
        told["traceback"] = printable(result.error.traceback[-2 * _MOST_TEXT :])
    if result.printed:
        told["printed"] = _cut(result.printed.rstrip())
    replies = [call.reply for call in result.calls if not call.tool_calls]
    return {
        **told,
        "asks": len({call.ask for call in result.calls}),
        "last_reply": _cut(replies[-1] if replies else ""),
    }


def _cut(text: str) -> str:
    """A text without its middle, where a verdict seldom stands."""
    half = _MOST_TEXT // 2
    short = text if len(text) <= _MOST_TEXT else f"{text[:half]} [...] {text[-half:]}"
    return printable(short)
