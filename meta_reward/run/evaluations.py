"""What an evaluation leaves behind, and the journal from which an interrupted one goes on.

    scores.json     the metrics; written last, so its presence means that all of it is there
    pairs.jsonl     a line a pair
    traces/<trajectory>.json   every judge call in full, then the reward or the error, and what was printed
    calls.jsonl     a line a call: what it took

The journal holds one line for each finished result. A torn last line counts as never written.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.best_of_n import best_of_n
from meta_reward.evaluation.evaluate import Evaluation, Result
from meta_reward.evaluation.metrics import PairOutcome, outcomes, summarize
from meta_reward.evaluation.outcome import Outcome
from meta_reward.run.layout import Layout
from meta_reward.trajectory import Pair, Rollout

SCHEMA = 1


def open_journal(path: Path) -> dict[str, Result]:
    """The finished results of an evaluation, by trajectory; the journal is ready for more."""
    files.repair_journal(path)
    return {item["trajectory"]: Result(**item) for item in files.iter_whole_lines(path)}


def journals_under_way(layout: Layout) -> list[tuple[Path, str, str]]:
    """The journals of evaluations that are not complete: path, candidate's folder, split."""
    found = [(path, *path.stem.rpartition("-")[::2]) for path in sorted(layout.journals.glob("*.jsonl"))]
    return [item for item in found if not (layout.evaluation(item[2], item[1]) / "scores.json").exists()]


def journal_result(path: Path, result: Result) -> None:
    """Write a finished result down."""
    files.append_line(path, result)


def save_evaluation(
    folder: Path,
    evaluation: Evaluation,
    rollouts: Iterable[Rollout],
    pairs: Iterable[Pair],
    *,
    judge: str,
) -> None:
    """Write all that an evaluation of `rollouts` leaves behind into a folder, `scores.json` last."""
    results = outcomes(pairs, evaluation.rewards)
    metrics = summarize(
        results,
        trajectories=len(evaluation.results),
        tokens=evaluation.tokens,
        selection=best_of_n(rollouts, evaluation.rewards),
    )
    for result in evaluation.results:
        files.write_json(folder / "traces" / f"{result.trajectory}.json", render_trace(result))
    files.write_lines(folder / "pairs.jsonl", (asdict(result) for result in results))
    files.write_lines(
        folder / "calls.jsonl", ({"trajectory": u.trajectory, **cost} for u in evaluation.results for cost in u.costs)
    )
    files.write_json(
        folder / "scores.json",
        {
            "schema": SCHEMA,
            "judge": judge,
            "broken": evaluation.broken,
            "not_run": evaluation.not_run,
            **asdict(metrics),
        },
    )


def render_trace(result: Result) -> dict[str, Any]:
    """A result as its trace file holds it: texts of several lines as lists of their lines."""
    return {
        "schema": SCHEMA,
        "trajectory": result.trajectory,
        "task": result.task,
        "calls": files.as_lines(result.calls),
        "reward": files.as_lines(result.reward),
        "error": files.as_lines(result.error),
        **({"printed": result.printed.removesuffix("\n").split("\n")} if result.printed else {}),
    }


def load_scores(folder: Path) -> dict[str, Any] | None:
    """The metrics of a complete evaluation, None where there is none."""
    path = folder / "scores.json"
    if not path.exists():
        return None
    scores = files.load_json(path)
    if not isinstance(scores, dict) or scores.get("schema") != SCHEMA:
        raise DataError(path, f"is not a score file of schema {SCHEMA}")
    return scores


def load_pairs(folder: Path) -> list[PairOutcome]:
    """Each pair in a complete evaluation with its rewards."""
    rows = files.load_lines(folder / "pairs.jsonl")
    return [PairOutcome(**{**row, "categories": tuple(row["categories"])}) for row in rows]


def load_outcomes(folder: Path) -> list[Outcome]:
    """What became of each item in a complete evaluation."""
    return [pair.outcome for pair in load_pairs(folder)]
