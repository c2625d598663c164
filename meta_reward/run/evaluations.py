"""The files of an evaluation, and the journal from which an interrupted one resumes.

    scores.json     the metrics; written last, so if it is there, everything is
    pairs.jsonl     one line for each pair
    traces/<trajectory>.json   every judge call in full, then the reward or the error, and what was printed
    traces.jsonl.gz the same on a sealed split, a line for each trajectory: nobody greps there
    calls.jsonl     one line for each call: what it took

The journal holds one line for each finished result. A torn last line counts as never written.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.best_of_n import best_of_n
from meta_reward.evaluation.metrics import Metrics, PairOutcome, outcomes, summarize
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.records import CallCost, Evaluation, Failure, Result, parse_call_record, record_to_json
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.harness.runtime import Reward
from meta_reward.records import parse_record
from meta_reward.run.layout import Layout
from meta_reward.run.trace_file import render_trace
from meta_reward.trajectory import Pair, Rollout

SCHEMA = 2
OTHER_VERSION = "another version of meta-reward wrote it, or it was changed: restore it from git"


@dataclass(frozen=True, slots=True)
class Scores:
    """The content of `scores.json`, where the metrics stand beside the other fields."""

    judge: str
    broken: bool
    """Whether the candidate failed on most of its first trajectories, so that it was not run on the rest."""
    not_run: list[str]
    """The trajectories it was not run on."""
    metrics: Metrics


def open_journal(path: Path) -> dict[str, Result]:
    """The finished results of an evaluation, by trajectory; the journal is ready for more."""
    with files.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    files.repair_journal(path)
    with files.reading(path):
        return {result.trajectory: result for result in map(_parse_result, files.iter_whole_lines(path))}


def _parse_result(data: dict[str, Any]) -> Result:
    reward, error = data["reward"], data["error"]
    return Result(
        data["trajectory"],
        data["task"],
        None if reward is None else Reward(**reward),
        None if error is None else Failure(**error),
        [parse_call_record(call) for call in data["calls"]],
        [CallCost(**cost) for cost in data["costs"]],
        data["printed"],
    )


def load_costs(layout: Layout) -> Iterator[CallCost]:
    """What each call of a run took, in finished evaluations and in those under way."""
    for folder in finished_evaluations(layout):
        lines = files.load_lines(folder / "calls.jsonl")
        with files.reading(folder / "calls.jsonl"):
            yield from [CallCost(**{name: x[name] for name in x if name != "trajectory"}) for x in lines]
    yield from costs_under_way(layout)


def finished_evaluations(layout: Layout) -> list[Path]:
    """The folders of all evaluations of a run that are complete."""
    folders = (*layout.history.glob("candidates/*"), *layout.sealed.glob("*/*"))
    return [folder for folder in folders if (folder / "scores.json").exists()]


def costs_under_way(layout: Layout) -> Iterator[CallCost]:
    """What each call took in the evaluations that are not complete."""
    for journal, _, _ in journals_under_way(layout):
        with files.reading(journal):
            yield from [CallCost(**cost) for item in files.iter_whole_lines(journal) for cost in item["costs"]]


def journals_under_way(layout: Layout) -> list[tuple[Path, str, str]]:
    """The journals of unfinished evaluations: path, candidate's folder, split."""
    found = [(path, *path.stem.rpartition("-")[::2]) for path in sorted(layout.journals.glob("*.jsonl"))]
    return [item for item in found if not (layout.evaluation(item[2], item[1]) / "scores.json").exists()]


def journal_result(path: Path, result: Result) -> None:
    """Write a finished result down."""
    files.append_line(path, result, new_folder=False)


def save_evaluation(
    folder: Path,
    evaluation: Evaluation,
    rollouts: Sequence[Rollout],
    pairs: Iterable[Pair],
    *,
    judge: str,
    sealed: bool = False,
) -> Scores:
    """Write the files of an evaluation into a folder, `scores.json` last; returns what that holds.

    sealed: whether its traces are packed into one file.
    """
    results = outcomes(pairs, evaluation.rewards)
    metrics = summarize(
        results,
        trajectories=len(evaluation.results),
        tokens=evaluation.tokens,
        rewards=reward_stats(rollouts, evaluation.rewards),
        selection=best_of_n(rollouts, evaluation.rewards),
    )
    if sealed:
        lines = b"".join(files.dump_line(render_trace(result)) for result in evaluation.results)
        files.write_bytes(folder / "traces.jsonl.gz", gzip.compress(lines, 6, mtime=0))
    else:
        for result in evaluation.results:
            files.write_json(folder / "traces" / f"{result.trajectory}.json", render_trace(result))
    files.write_lines(folder / "pairs.jsonl", (asdict(result) for result in results))
    files.write_lines(
        folder / "calls.jsonl",
        ({"trajectory": r.trajectory, **record_to_json(cost)} for r in evaluation.results for cost in r.costs),
    )
    scores = Scores(judge, evaluation.broken, list(evaluation.not_run), metrics)
    files.write_json(folder / "scores.json", scores_to_json(scores))
    return scores


def scores_to_json(scores: Scores) -> dict[str, object]:
    """Scores as `scores.json` holds them."""
    about = {"judge": scores.judge, "broken": scores.broken, "not_run": scores.not_run}
    return {"schema": SCHEMA, **about, **asdict(scores.metrics)}


def load_scores(folder: Path) -> Scores | None:
    """The scores of a finished evaluation, None if there are none. Raises DataError if the file is damaged."""
    path = folder / "scores.json"
    if not path.exists():
        return None
    return parse_scores(files.load_json(path), path)


def required_scores(folder: Path) -> Scores:
    """The scores of an evaluation that is on record as finished. Raises DataError if they are missing or damaged."""
    scores = load_scores(folder)
    if scores is None:
        raise DataError(folder / "scores.json", "is missing", hint="restore it from git")
    return scores


def parse_scores(data: Any, path: Path) -> Scores:
    """Scores from the content of a `scores.json`. Raises DataError if it is damaged."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(path, f"is not a score file of schema {SCHEMA}", hint=OTHER_VERSION)
    try:
        return parse_record(Scores, {**data, "metrics": data})
    except TypeError:
        raise DataError(path, "lacks a score, or one is damaged", hint="restore it from git") from None


def load_rewards(folder: Path) -> dict[str, float | None]:
    """The reward of each trajectory in a complete evaluation, from its traces. Raises DataError if one is damaged."""
    rewards = {}
    for path, trace in _traces(folder):
        with files.reading(path):
            reward = trace["reward"]
            rewards[trace["trajectory"]] = None if reward is None else float(reward["score"])
    return rewards


def _traces(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each trace as its file holds it, of a split that is sealed or not."""
    packed = folder / "traces.jsonl.gz"
    if packed.exists():
        try:
            lines = gzip.decompress(packed.read_bytes()).splitlines()
        except (OSError, EOFError, zlib.error):
            raise DataError(packed, "is damaged", hint="restore it from git") from None
        yield from ((packed, files.parse_json(line, packed)) for line in lines)
    else:
        yield from ((path, files.load_json(path)) for path in sorted((folder / "traces").glob("*.json")))


def load_pairs(folder: Path) -> list[PairOutcome]:
    """Each pair in a complete evaluation with its rewards."""
    rows = files.load_lines(folder / "pairs.jsonl")
    with files.reading(folder / "pairs.jsonl"):
        return [PairOutcome(**{**row, "categories": tuple(row["categories"])}) for row in rows]


def load_outcomes(folder: Path) -> list[Outcome]:
    """What became of each item in a complete evaluation."""
    return [pair.outcome for pair in load_pairs(folder)]
