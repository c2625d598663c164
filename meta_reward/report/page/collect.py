"""Collects what the first page shows of a run, only from its files; also while a search works on it.

It writes nothing, keeps nothing and asks no judge. Anything that is not there yet is None or empty. Of a sealed split
it only reads the decisions and `test.json`, which have numbers and ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.evaluation.records import REWARD
from meta_reward.kinds.base import Words, scored_by
from meta_reward.kinds.registry import KINDS
from meta_reward.report.page.sessions import Medians, medians_of
from meta_reward.report.page.studies import Study, studies_of
from meta_reward.report.status import CandidateStatus, Status, status_of
from meta_reward.report.training import Training, is_training, training_of
from meta_reward.run.config import load_run_config
from meta_reward.run.decisions import sentence_of
from meta_reward.run.evaluations import load_items, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row
from meta_reward.run.under_way import rows_so_far
from meta_reward.search.studies.clusters import ClusterTables, cluster_tables
from meta_reward.search.studies.finished import load_finished
from meta_reward.search.test_record import Tested, load_tested


@dataclass(frozen=True, slots=True)
class Gain:
    """The pairs that a candidate decides better, and those that it decides worse, than another one."""

    against: str
    better: tuple[str, ...]
    worse: tuple[str, ...]


_MOST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """An item that is not a pair, with the answers of the baseline and the best candidate."""

    id: str
    categories: tuple[str, ...]
    expected: str
    answers: tuple[str | None, ...]
    """Answers in the order of the compared candidates; None for one that failed."""
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the first page shows of a run, except its pairs."""

    name: str
    taskset: str
    kind: str
    """The kind of its programs."""
    status: Status
    rows: tuple[Row, ...]
    """Every candidate so far, in the order of ids."""
    gains: Mapping[str, tuple[Gain, ...]]
    """By candidate, its gains over each of its parents, or over the baseline if it has none."""
    tested: Mapping[str, Tested]
    """The results on the test split, by candidate id; empty while it is sealed."""
    metrics: Mapping[str, Metrics]
    """The metrics of the baseline and the best candidate on search."""
    answered: tuple[Answered, ...]
    """The items that not all of these get right; empty if items are pairs."""
    medians: Medians
    """Medians over the proposer's sessions."""
    studies: tuple[Study, ...]
    training: Training | None
    """The training of a policy; None in a search."""

    @property
    def terms(self) -> Words:
        """The terms for its numbers."""
        return scored_by(KINDS[self.kind].words, self.status.objective)

    @property
    def has_pairs(self) -> bool:
        """Whether its items are pairs of trajectories, which have pages of their own."""
        return self.kind == REWARD

    @property
    def baseline(self) -> str | None:
        """Id of the first candidate; None if none is scored."""
        return self.rows[0].id if self.rows else None

    @property
    def best(self) -> str | None:
        """Id of the chosen candidate; before there is a decision, of the leader on search."""
        decision = self.status.decision
        return decision.chosen if decision else self.status.leader

    @property
    def compared(self) -> tuple[str, ...]:
        """Ids of the baseline and of the best candidate; only one if they are the same."""
        best = self.best if self.best != self.baseline else self.status.leader
        return tuple(dict.fromkeys(id for id in (self.baseline, best) if id))

    @property
    def sentence(self) -> str:
        """The decision in one line; empty if there is none."""
        return sentence_of(self.status.decision) if self.status.decision else ""

    def words(self, id: str) -> list[str]:
        """The roles of a candidate in its run, such as `baseline`, `leader`, `chosen`."""
        decision = self.status.decision
        roles = {
            "baseline": id == self.baseline,
            "leader": id == self.status.leader,
            "frontier": id in self.status.frontier,
            "finalist": decision is not None and any(one.verdict.id == id for one in decision.finalists),
            "untested": decision is not None and decision.untested == id,
            "chosen": decision is not None and decision.chosen == id,
        }
        return [word for word, holds in roles.items() if holds]

    def candidate(self, id: str) -> CandidateStatus:
        """The standing of a candidate. Raises KeyError for an id that does not exist."""
        found = next((one for one in self.status.candidates if one.id == id), None)
        if found is None:
            raise KeyError(id)
        return found

    def row(self, id: str) -> Row:
        """The ledger's row of a candidate. Raises KeyError for an id that does not exist."""
        found = next((row for row in self.rows if row.id == id), None)
        if found is None:
            raise KeyError(id)
        return found


def collect_run(layout: Layout) -> RunPage:
    """A run as its first page shows it. Raises DataError if a file is damaged."""
    config = load_run_config(layout.config)
    rows, status = rows_so_far(layout, config.judge.spec), status_of(layout)
    page = RunPage(
        name=layout.root.name,
        taskset=Path(config.taskset).name,
        kind=config.kind,
        status=status,
        rows=tuple(rows),
        gains=_gains(layout),
        tested=load_tested(layout),
        metrics={},
        answered=(),
        medians=medians_of(layout),
        studies=tuple(studies_of(layout)),
        training=training_of(layout) if is_training(layout) else None,
    )
    return _with_metrics(page, layout)


def _with_metrics(page: RunPage, layout: Layout) -> RunPage:
    found = {id: load_scores(layout.candidate(page.row(id).folder)) for id in page.compared}
    metrics = {id: scores.metrics for id, scores in found.items() if scores}
    return replace(page, metrics=metrics, answered=() if page.has_pairs else tuple(_answered(page, layout, [*metrics])))


def _answered(page: RunPage, layout: Layout, ids: Sequence[str]) -> Iterator[Answered]:
    every = [[*load_items(layout.candidate(page.row(id).folder))] for id in ids]
    for items in zip(*every, strict=False):
        own = [item for item in items if isinstance(item, ItemOutcome)]
        right = tuple(item.score == 1 for item in own)
        if own and not all(right):
            answers = tuple(None if item.output is None else item.output[:_MOST_ANSWER] for item in own)
            yield Answered(own[0].id, own[0].categories, own[0].expected[:_MOST_ANSWER], answers, right)


def _gains(layout: Layout) -> dict[str, tuple[Gain, ...]]:
    found: dict[str, list[Gain]] = {}
    if not layout.outcomes.exists():
        return {}
    with files.reading(layout.outcomes):
        for line in files.iter_whole_lines(layout.outcomes):
            gain = Gain(line["against"], tuple(line["better"]), tuple(line["worse"]))
            found.setdefault(line["id"], []).append(gain)
    return {id: tuple(gains) for id, gains in found.items()}


@dataclass(frozen=True, slots=True)
class Clusters:
    """The categories in which the chosen harness is better or worse than the baseline."""

    tables: ClusterTables | None
    why_not: str
    """Why there are none; empty if there are."""


def collect_clusters(layout: Layout) -> Clusters:
    """The tables of `study clusters` on a run: they need its decision and its task set."""
    try:
        return Clusters(cluster_tables([load_finished(layout.root)]), "")
    except MetaRewardError as error:
        return Clusters(None, str(error))
