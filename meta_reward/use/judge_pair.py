"""Judging one pair of trajectories: a reward scores each by itself, a program that compares sees both in both orders.

Each side is a file with one trajectory, or an id from a run's search split. Sealed trajectories cannot be named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.records import Result, tokens_of
from meta_reward.harness.runtime import Comparison
from meta_reward.kinds.registry import kind_of_source
from meta_reward.models.usage import Spent
from meta_reward.run.layout import Layout
from meta_reward.search.open import open_backend, open_bill
from meta_reward.tasks.about import COMPARE, REWARD
from meta_reward.tasks.records import load_rollouts
from meta_reward.trajectory import Trajectory, trajectory_to_json
from meta_reward.use.loaded import Loaded, shared_in
from meta_reward.use.scorer import Scorer
from meta_reward.use.trajectories import read_trajectories

LABELS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two trajectories."""

    name: str
    """As the caller named it."""
    trajectory: Trajectory


@dataclass(frozen=True, slots=True)
class Judged:
    """One run of the program."""

    shown: tuple[str, ...]
    """Labels of the trajectories that it was given, in order."""
    result: Result

    @property
    def scores(self) -> dict[str, float]:
        """Scores from 0 to 100, by label; empty if the program failed."""
        output = self.result.output
        if isinstance(output, Comparison):
            return dict(zip(self.shown, output.scores, strict=True))
        return {} if self.result.score is None else {self.shown[0]: self.result.score}


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """How a program judges two trajectories."""

    loaded: Loaded
    kind: str
    """`reward` or `compare`."""
    sides: tuple[Side, Side]
    runs: list[Judged]
    """One per side for a reward, one per order for a program that compares."""
    simulated: bool
    spent: Spent

    @property
    def scores(self) -> dict[str, float]:
        """The mean score over the orders, by label; a side without any score is left out."""
        given = {label: [run.scores[label] for run in self.runs if label in run.scores] for label in LABELS}
        return {label: fmean(scores) for label, scores in given.items() if scores}

    @property
    def preferred(self) -> str | None:
        """The label with the higher score; None for a tie, or if a score is missing."""
        a, b = (self.scores.get(label) for label in LABELS)
        return None if a is None or b is None or a == b else LABELS[a < b]

    @property
    def depends_on_order(self) -> bool:
        """Whether the orders have different winners."""
        winners = {_winner(run.scores) for run in self.runs if len(run.scores) > 1}
        return len(winners) > 1


def sides_of(names: Sequence[str], loaded: Loaded, run: Path | None) -> tuple[Side, Side]:
    """The two named trajectories. run: the folder of the run that the program comes from, if any.

    Raises UsageError and DataError.
    """
    a, b = (Side(name, _trajectory(name, loaded, run)) for name in names)
    return a, b


def _trajectory(name: str, loaded: Loaded, run: Path | None) -> Trajectory:
    path = Path(name)
    if path.is_file():
        return _only_one(path, loaded)
    if run is None:
        raise UsageError(f"there is no file {name}", hint="name a file with one trajectory; ids need a run")
    folder = Layout(run).taskset
    shared = shared_in(folder)
    known = load_rollouts(folder / "trajectories", shared.policy, shared.tools)
    if name not in known:
        what = f"there is neither a file {name} nor a trajectory {name} in the search split of run {run.resolve().name}"
        raise UsageError(what, hint=f"those are in {folder / 'trajectories'}")
    return known[name].trajectory


def _only_one(path: Path, loaded: Loaded) -> Trajectory:
    rows = list(read_trajectories(path, loaded.shared))
    if len(rows) != 1:
        raise UsageError(f"{path} holds {len(rows)} trajectories", hint="--pair takes two files with one each")
    if rows[0].trajectory is None:
        raise UsageError(f"{rows[0].place}: {rows[0].problem}")
    return rows[0].trajectory


async def judge_pair(
    loaded: Loaded, sides: tuple[Side, Side], *, notice: Callable[[str], None] = lambda text: None
) -> JudgedPair:
    """Judge two trajectories. Raises UsageError, JudgeUnavailable and LimitReached."""
    kind = kind_of_source(loaded.source).name
    given = [trajectory_to_json(side.trajectory) for side in sides]
    backend = open_backend(loaded.config)
    with open_bill(loaded.config, backend, "score-pair", [loaded.digest, files.digest(given)]) as (billing, earlier):
        async with Scorer(loaded, billing=billing, spent=earlier, notice=notice) as scorer:
            kind, work = _work(kind, given)
            runs = [Judged(shown, await scorer.run(kind, arguments)) for shown, arguments in work]
            return JudgedPair(loaded, kind, sides, runs, backend.simulated, scorer.spent)


def _work(kind: str, given: Sequence[Any]) -> tuple[str, list[tuple[tuple[str, ...], dict[str, Any]]]]:
    """The function to call and, for each call, the labels shown and its arguments. given: trajectories as JSON."""
    if kind != COMPARE:
        return REWARD, [((label,), {"trajectory": one}) for label, one in zip(LABELS, given, strict=True)]
    a, b = given
    return COMPARE, [(LABELS, {"trajectories": [a, b]}), (LABELS[::-1], {"trajectories": [b, a]})]


def pair_to_json(pair: JudgedPair, *, chain: bool = False) -> dict[str, object]:
    """A judged pair as JSON. chain: with every call of the judge."""
    runs = [
        {
            "shown": run.shown,
            "scores": run.scores,
            "reason": getattr(run.result.output, "reason", ""),
            "findings": getattr(run.result.output, "findings", {}),
            "error": run.result.error,
            **({"calls": run.result.calls} if chain else {}),
        }
        for run in pair.runs
    ]
    return {
        "harness": pair.loaded.name,
        "kind": pair.kind,
        "judge": pair.loaded.config.judge.spec,
        "simulated": pair.simulated,
        "trajectories": {label: side.name for label, side in zip(LABELS, pair.sides, strict=True)},
        "scores": {label: pair.scores.get(label) for label in LABELS},
        "preferred": pair.preferred,
        "depends_on_order": pair.depends_on_order,
        "runs": runs,
        "usage": tokens_of(cost for run in pair.runs for cost in run.result.costs),
    }


def _winner(scores: dict[str, float]) -> str:
    a, b = (scores[label] for label in LABELS)
    return "" if a == b else LABELS[a < b]
