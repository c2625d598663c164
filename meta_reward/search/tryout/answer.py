"""What a proposer is told of a trial: findings, agreement, each pair, and in brief what the judge said.

Pure functions of what was scored. Texts are cut and lists are bounded, so that an answer stays small
enough to be read by the model that asked for it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from meta_reward.evaluation.evaluate import Unit, tokens_of
from meta_reward.evaluation.metrics import PairOutcome, outcomes
from meta_reward.files import dump_line, printable
from meta_reward.harness.validate import Report, report_to_json
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import best_of, load_ledger
from meta_reward.trajectory import Pair

NO_CALLS = "try-calls"
"""The kind of error of a trajectory that was not scored for want of judge calls."""

_MOST_TEXT = 300
_MOST_TRAJECTORIES = 24
_MOST_ERRORS = 5


def answer_of(
    report: Report, pairs: Sequence[Pair], units: Sequence[Unit], *, history: HistoryLayout, detailed: bool
) -> dict[str, Any]:
    """The answer on a draft: the validator's findings, and if it has none what came of these pairs."""
    answer: dict[str, Any] = {"ok": report.ok, "findings": report_to_json(report)["findings"]}
    if not report.ok:
        return answer
    scored = {unit.trajectory: unit for unit in units if unit.error is None or unit.error["kind"] != NO_CALLS}
    complete = [pair for pair in pairs if pair.preferred in scored and pair.other in scored]
    results = outcomes(complete, {name: unit.score for name, unit in scored.items()})
    tokens = tokens_of(cost for unit in scored.values() for cost in unit.costs)
    answer |= {
        "agreement": _agreement(results),
        "pairs": len(results),
        "tied": sum(result.margin == 0 for result in results),
        "not_scored": len(pairs) - len(complete),
        "tokens_per_trajectory": round((tokens.input_tokens + tokens.output_tokens) / max(1, len(scored))),
        "best": _best(history, {pair.id for pair in complete}),
        "errors": _errors(scored.values(), detailed=detailed),
    }
    if detailed:
        answer["results"] = [_result(result) for result in results]
        answer["trajectories"] = [_trajectory(scored[name]) for name in _most_telling(results)]
    return answer


def _most_telling(results: Sequence[PairOutcome]) -> list[str]:
    """The trajectories to tell more of: both sides of each pair, those that are not won first."""
    ordered = sorted(results, key=lambda result: result.agreement)
    names = dict.fromkeys(name for result in ordered for name in (result.preferred, result.other))
    return list(names)[:_MOST_TRAJECTORIES]


def _agreement(results: Sequence[PairOutcome]) -> float | None:
    return sum(result.agreement for result in results) / len(results) if results else None


def _best(history: HistoryLayout, ids: set[str]) -> dict[str, Any] | None:
    """The best candidate so far on the same pairs, to compare with; None where it has none on record."""
    rows = load_ledger(history.ledger)
    if not rows or not ids or not (folder := history.candidate(best_of(rows).folder) / "pairs.jsonl").exists():
        return None
    results = [result for result in load_outcomes(folder.parent) if result.id in ids]
    return {"id": best_of(rows).id, "agreement": _agreement(results)}


def _errors(units: Iterable[Unit], *, detailed: bool) -> list[dict[str, Any]]:
    """The commonest errors of the draft; their kinds alone where a message could tell of a trajectory."""
    failed = [unit.error for unit in units if unit.error is not None]
    texts = Counter(f"{e['kind']}: {_cut(e['message'])}" if detailed else e["kind"] for e in failed)
    return [{"error": text, "trajectories": count} for text, count in texts.most_common(_MOST_ERRORS)]


def _result(result: PairOutcome) -> dict[str, Any]:
    names = ("id", "categories", "preferred", "other", "preferred_reward", "other_reward", "margin", "agreement")
    return {name: getattr(result, name) for name in names}


def _trajectory(unit: Unit) -> dict[str, Any]:
    """A trajectory in brief: its reward with reason and findings, or its error; the last words of the judge."""
    told: dict[str, Any] = {"id": unit.trajectory}
    if unit.reward is not None:
        findings = dump_line(unit.reward["findings"]).decode().strip()
        told |= {"reward": unit.reward["score"], "reason": _cut(unit.reward["reason"]), "findings": _cut(findings)}
    if unit.error is not None:
        told["error"] = f"{unit.error['kind']}: {_cut(unit.error['message'])}"
        told["traceback"] = printable(unit.error["traceback"][-2 * _MOST_TEXT :])
    if unit.printed:
        told["printed"] = _cut(unit.printed.rstrip())
    replies = [call["reply"] for call in unit.calls if not call["tool_calls"]]
    return {
        **told,
        "asks": len({call["ask"] for call in unit.calls}),
        "last_reply": _cut(replies[-1] if replies else ""),
    }


def _cut(text: str) -> str:
    """A text without its middle, where a verdict seldom stands."""
    half = _MOST_TEXT // 2
    short = text if len(text) <= _MOST_TEXT else f"{text[:half]} [...] {text[-half:]}"
    return printable(short)
