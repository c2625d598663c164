"""`study clusters`: where the chosen harness of a run is better than its baseline and where it is worse, by category.

No judge is asked: the outcomes are read from the runs. They are those of the test split if every run has opened it,
else of the search split, on which the chosen harness was selected. Pairs without a category are clustered by rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome, difference, mean_interval
from meta_reward.evaluation.statistics import Interval
from meta_reward.search.studies.finished import FinishedRun, Size, is_simulated
from meta_reward.search.studies.folder import Subject
from meta_reward.tasks.clusters import RULES, clusters_of
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair

STUDY = "clusters"


@dataclass(frozen=True, slots=True)
class Change:
    """How baseline and chosen harness differ on some pairs. A tie counts one half."""

    pairs: int
    baseline: float
    """Agreement of the baseline, from 0 to 1."""
    chosen: float
    """Agreement of the chosen harness, from 0 to 1."""
    difference: Interval
    """Chosen minus baseline, with its interval by task."""
    lost_by_baseline: tuple[str, ...]
    """Ids of the pairs that it loses or ties."""
    lost_by_chosen: tuple[str, ...]
    """Ids of the pairs that it loses or ties."""
    fixed: tuple[str, ...]
    """Ids of the pairs on which the chosen harness does better."""
    broken: tuple[str, ...]
    """Ids of the pairs on which the chosen harness does worse."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Pairs of one category, or pairs that match one rule."""

    name: str
    by_rule: bool
    """Whether its pairs have no category and were put here by a rule."""
    meaning: str
    """How the task set or the rule describes it; may be empty."""
    change: Change


@dataclass(frozen=True, slots=True)
class RunClusters:
    """One run, and so one judge."""

    run: str
    judge: str
    simulated: bool
    baseline: str
    chosen: str
    baseline_size: Size
    chosen_size: Size
    baseline_agreement: Interval
    chosen_agreement: Interval
    all: Change
    clusters: tuple[Cluster, ...]
    """Those with the worst difference first."""


@dataclass(frozen=True, slots=True)
class ClusterTables:
    """The tables of the study."""

    taskset: str
    split: str
    selected: bool
    """Whether the chosen harnesses were selected on these very pairs."""
    pairs: int
    without_category: int
    runs: tuple[RunClusters, ...]
    never_won: tuple[str, ...]
    """Ids of the pairs that no harness of any run wins."""


def cluster_subject(runs: Sequence[FinishedRun]) -> Subject:
    """What the study is about. Raises UsageError for runs on different task sets, or if a run is named twice."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        raise UsageError("a run is named twice", hint="name each once")
    other = next((run for run in runs if run.taskset.digest != runs[0].taskset.digest), None)
    if other is not None:
        what = f"run {other.name} is on task set {other.taskset.name}, and {names[0]} on {runs[0].taskset.name}"
        raise UsageError(what, hint="runs are compared pair by pair: study each of them separately")
    split = _split(runs)
    inputs = {name: digest for run in runs for name, digest in run.inputs.items()}
    outcomes = {f"what became of the pairs of {run.name}": _digest(run, split) for run in runs}
    return Subject(STUDY, {"runs": names}, inputs | outcomes | {"the split that every run has opened": split})


def cluster_tables(runs: Sequence[FinishedRun]) -> ClusterTables:
    """The tables. Raises DataError if the results of a run are damaged."""
    split, taskset = _split(runs), runs[0].taskset
    _, pairs = taskset.part(runs[0].splits[split])
    clusters = _clusters(taskset, pairs)
    outcomes = [[run.pairs(program, split) for program in run.programs] for run in runs]
    won = {pair.id for run in outcomes for program in run for pair in program if pair.score == 1}
    return ClusterTables(
        taskset=taskset.name,
        split=split,
        selected=split == "search",
        pairs=len(pairs),
        without_category=sum(not pair.categories for pair in pairs),
        runs=tuple(_of_run(run, found[0], found[-1], clusters) for run, found in zip(runs, outcomes, strict=True)),
        never_won=tuple(pair.id for pair in pairs if pair.id not in won),
    )


def _split(runs: Sequence[FinishedRun]) -> str:
    return "test" if all(run.has("test") for run in runs) else "search"


def _digest(run: FinishedRun, split: str) -> str:
    texts = [files.read_text(run.evaluation(program, split) / "pairs.jsonl") for program in run.programs]
    return files.digest(texts)


def _clusters(taskset: TaskSet, pairs: Sequence[Pair]) -> dict[tuple[str, bool], set[str]]:
    """Ids of pairs by cluster: its name, and whether it is made by a rule."""
    found: dict[tuple[str, bool], set[str]] = {}
    for pair in pairs:
        for name in pair.categories or clusters_of(pair, taskset.rollouts):
            found.setdefault((name, not pair.categories), set()).add(pair.id)
    return found


def _of_run(
    run: FinishedRun,
    before: Sequence[PairOutcome],
    after: Sequence[PairOutcome],
    clusters: Mapping[tuple[str, bool], set[str]],
) -> RunClusters:
    meanings = {rule.name: rule.sentence for rule in RULES}
    notes = run.taskset.about.category_notes
    found = [
        Cluster(
            name,
            by_rule,
            (meanings if by_rule else notes).get(name, ""),
            _change(_only(before, ids), _only(after, ids)),
        )
        for (name, by_rule), ids in clusters.items()
    ]
    spec = run.config.judge.spec
    return RunClusters(
        run=run.name,
        judge=spec,
        simulated=is_simulated(spec),
        baseline=run.baseline.id,
        chosen=run.chosen.id,
        baseline_size=run.baseline.size,
        chosen_size=run.chosen.size,
        baseline_agreement=mean_interval([pair.outcome for pair in before]),
        chosen_agreement=mean_interval([pair.outcome for pair in after]),
        all=_change(before, after),
        clusters=tuple(sorted(found, key=_worst_first)),
    )


def _only(pairs: Sequence[PairOutcome], ids: set[str]) -> list[PairOutcome]:
    return [pair for pair in pairs if pair.id in ids]


def _worst_first(cluster: Cluster) -> tuple[float, str, bool]:
    change = cluster.change
    return (round(change.difference.mean, 12), cluster.name, cluster.by_rule)


def _change(before: Sequence[PairOutcome], after: Sequence[PairOutcome]) -> Change:
    was = {pair.id: pair.score for pair in before}
    return Change(
        pairs=len(after),
        baseline=sum(was.values()) / len(was),
        chosen=sum(pair.score for pair in after) / len(after),
        difference=difference([pair.outcome for pair in before], [pair.outcome for pair in after]),
        lost_by_baseline=tuple(pair.id for pair in before if pair.score < 1),
        lost_by_chosen=tuple(pair.id for pair in after if pair.score < 1),
        fixed=tuple(pair.id for pair in after if pair.score > was[pair.id]),
        broken=tuple(pair.id for pair in after if pair.score < was[pair.id]),
    )
