"""Making a task set from what importers read, or adding to an existing one.

A trajectory is in a task set only once, however often it was read. Existing trajectories, pairs and splits never
change; new ones are added. This module writes no files.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from meta_reward import files
from meta_reward.tasks.annotations import Annotations, Rating, Vote
from meta_reward.tasks.groups import SMALLEST, RankedGroup, groups_from_labels, new_groups
from meta_reward.tasks.importers.collect import Collected
from meta_reward.tasks.importers.group import Key, group_pairs, keys_of
from meta_reward.tasks.importers.record import PairRecord, Place, Problem, RankedRecord, Record, Run
from meta_reward.tasks.pairs import PAIRS_PER_TASK, pair_ids, pairs_from_labels
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair, Rollout, Tool, Trajectory, tool_to_json, trajectory_to_json

Value = TypeVar("Value")

_UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """How records become a task set."""

    policy: str | None = None
    """Overrides the policy in the files; None to use theirs."""
    tools: tuple[Tool, ...] | None = None
    """Overrides the tools in the files; None to use theirs."""
    per_task: int = PAIRS_PER_TASK
    """The most pairs per task that are made from labels."""
    min_gap: float = 0.0
    """Two labels make a pair if they differ by more than this."""
    seed: int = 0
    """Random seed for drawing pairs."""


@dataclass(slots=True)
class Assembled:
    """The content of a task set, and what an import added to it."""

    policy: str
    tools: tuple[Tool, ...]
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    groups: list[RankedGroup] = field(default_factory=list)
    annotations: Annotations = field(default_factory=Annotations)
    new: list[str] = field(default_factory=list)
    """Ids of the trajectories that were added."""
    from_labels: int = 0
    """Pairs that were added because labels differ."""
    given: int = 0
    """Pairs that were added because a file names them."""
    without_policy: int = 0
    """Number of trajectories that were read without a policy; they get the task set's."""
    skipped: list[Problem] = field(default_factory=list)
    """Rows that added nothing, and why."""


def assemble(
    found: Collected,
    settings: Settings,
    *,
    before: TaskSet | None = None,
    annotations: Annotations | None = None,
) -> Assembled:
    """The task set with everything that was collected. before, annotations: of an existing task set to add to."""
    builder = _Builder(found, settings, before, annotations or Annotations())
    builder.add_records(found.records)
    builder.add_pairs(found.pairs)
    builder.add_groups(found.ranked)
    return builder.finish()


class _Builder:
    """A task set as it grows."""

    def __init__(self, found: Collected, settings: Settings, before: TaskSet | None, annotations: Annotations) -> None:
        runs = [*(r.run for r in found.records), *(run for p in found.pairs for run in (p.chosen, p.rejected))]
        if before is not None:
            self.made = Assembled(before.policy, before.tools, dict(before.rollouts), [*before.pairs], [*before.groups])
        else:
            policy = _shared(settings.policy, (run.policy for run in runs), str, "")
            tools = _shared(settings.tools, (run.tools for run in runs), _digest_of_tools, ())
            self.made = Assembled(policy, tools)
        self._settings, self._annotations = settings, annotations
        if settings.policy is None and self.made.policy:
            self.made.without_policy = sum(run.policy is None for run in runs)
        self._ids: dict[tuple[str, str], str] = {}
        """By task and digest of the trajectory."""
        self._tasks: dict[Key, str] = {}
        self._labels: dict[str, float] = {}
        """Labels that this import brings, by trajectory."""
        self._ratings: dict[str, list[Rating]] = {}
        """By trajectory."""
        for rating in annotations.ratings:
            self._ratings.setdefault(rating.id, []).append(rating)
        self._votes: dict[tuple[str, str], list[Vote]] = {}
        """By the two trajectories."""
        for vote in annotations.votes:
            self._votes.setdefault(vote.sides, []).append(vote)
        self._pairs: dict[str, set[tuple[str, str]]] = {}
        """By task: the preferred and the other."""
        self._pair_ids: dict[str, set[str]] = {}
        """By task."""
        for pair in self.made.pairs:
            self._pairs.setdefault(pair.task, set()).add((pair.preferred, pair.other))
            self._pair_ids.setdefault(pair.task, set()).add(pair.id)
        for rollout in self.made.rollouts.values():
            self._remember(rollout, _digest(rollout.trajectory))

    def add_records(self, records: Iterable[Record]) -> None:
        """Add trajectories with their labels, if they have any; several annotators may have labelled the same one."""
        rated: dict[str, Place] = {}
        for record in records:
            trajectory = self._trajectory(record.run)
            id, is_new = self._add(str(record.task), trajectory, _digest(trajectory), record.preferred_id)
            known = self._label_of(id)
            if record.label is not None and record.annotator is not None:
                self._ratings.setdefault(id, []).append(Rating(record.annotator, id, record.label))
                rated.setdefault(id, record.place)
            elif record.label is not None and known not in (None, record.label):
                what = f"is the same trajectory as another, whose label is {known:g} and not {record.label:g}"
                self._skip(record.place, what)
            elif record.label is not None and known is None:
                self._labels[id] = record.label
            elif not is_new:
                self._skip(record.place, "is a trajectory that is there already")
        self._settle(rated)

    def add_pairs(self, pairs: Sequence[PairRecord]) -> None:
        """Add pairs. If several annotators judged a pair, the majority decides."""
        sides = [[(t, _digest(t)) for t in map(self._trajectory, (p.chosen, p.rejected))] for p in pairs]
        keys = [[key for trajectory, whole in both for key in keys_of(trajectory, whole)] for both in sides]
        for record, own in zip(pairs, keys, strict=True):
            if record.task is not None:
                self._tasks |= {key: record.task for key in own if key not in self._tasks}
        unnamed = [at for at, record in enumerate(pairs) if record.task is None]
        grouped = dict(zip(unnamed, group_pairs([keys[at] for at in unnamed], self._tasks), strict=True))
        judged: dict[tuple[str, str], list[tuple[PairRecord, Pair]]] = {}
        for at, (record, both) in enumerate(zip(pairs, sides, strict=True)):
            task = record.task if record.task is not None else grouped[at]
            good, bad = (self._add(task, *side)[0] for side in both)
            pair = Pair("", task, good, bad, record.categories)
            if good == bad:
                self._skip(record.place, "chosen and rejected are the same")
            elif record.annotator is None:
                self._add_pair(pair, record)
            else:
                judged.setdefault(Vote("", good, bad).sides, []).append((record, pair))
        for votes in judged.values():
            self._add_judged(votes)

    def add_groups(self, ranked: Sequence[RankedRecord]) -> None:
        """Add groups. All their trajectories exist already, because their pairs have been added."""
        found = []
        for record in (record for record in ranked if len(record.runs) >= SMALLEST):
            digests = [_digest(self._trajectory(run)) for run in record.runs]
            task = record.task if record.task is not None else self._tasks[digests[0]]
            found.append((task, tuple((self._ids[task, digest],) for digest in digests)))
        self.made.groups += new_groups(found, self.made.groups)

    def finish(self) -> Assembled:
        """The complete task set, with successes, graded labels and the pairs that follow from them."""
        made, labels = self.made, self._labels
        graded = bool(self._annotations.labels) or any(label not in (0, 1) for label in labels.values())
        if not graded:
            for id, label in labels.items():
                made.rollouts[id] = replace(made.rollouts[id], success=int(label))
        known = {id: float(r.success) for id, r in made.rollouts.items() if r.success is not None}
        known |= {**self._annotations.labels, **labels}
        touched = {made.rollouts[id].task for id in labels}
        relabelled = [rollout for _, rollout in sorted(made.rollouts.items()) if rollout.task in touched]
        drawn = pairs_from_labels(
            relabelled,
            per_task=self._settings.per_task,
            seed=self._settings.seed,
            labels=known,
            min_gap=self._settings.min_gap,
            existing=made.pairs,
        )
        made.pairs, made.from_labels = [*made.pairs, *drawn], len(drawn)
        if graded and not self._settings.min_gap:
            made.groups += groups_from_labels(relabelled, known, seed=self._settings.seed, existing=made.groups)
        made.annotations = Annotations(
            known if graded else {},
            tuple(vote for votes in self._votes.values() for vote in votes),
            tuple(rating for ratings in self._ratings.values() for rating in ratings),
        )
        return made

    def _trajectory(self, run: Run) -> Trajectory:
        chosen = self._settings
        policy = next(p for p in (chosen.policy, run.policy, self.made.policy) if p is not None)
        tools = next(t for t in (chosen.tools, run.tools, self.made.tools) if t is not None)
        return Trajectory(policy, tools, run.messages)

    def _add(self, task: str, trajectory: Trajectory, whole: str, wish: str | None = None) -> tuple[str, bool]:
        """Add a trajectory unless it exists. Returns its id, and whether it is new."""
        if (task, whole) in self._ids:
            return self._ids[task, whole], False
        id = wish if wish is not None and wish not in self.made.rollouts else _id(task, whole)
        rollout = Rollout(id, task, trajectory)
        self.made.rollouts[id] = rollout
        self.made.new.append(id)
        self._remember(rollout, whole)
        return id, True

    def _remember(self, rollout: Rollout, whole: str) -> None:
        self._ids[rollout.task, whole] = rollout.id
        for key in keys_of(rollout.trajectory, whole):
            self._tasks.setdefault(key, rollout.task)

    def _label_of(self, id: str) -> float | None:
        for labels in (self._labels, self._annotations.labels):
            if id in labels:
                return labels[id]
        return self.made.rollouts[id].success

    def _settle(self, rated: Mapping[str, Place]) -> None:
        """Set the label of each trajectory from its annotators' labels, including those of earlier imports."""
        ratings = {id: {r.annotator: r for r in self._ratings[id]} for id in rated}
        graded = any(r.label not in (0, 1) for said in ratings.values() for r in said.values())
        for id, said in ratings.items():
            self._ratings[id] = list(said.values())
            mean = math.fsum(rating.label for rating in said.values()) / len(said)
            if self._label_of(id) is not None:
                self._skip(rated[id], "is a trajectory that has a label already; its annotators' were added")
            elif not graded and mean == 0.5:
                self._skip(rated[id], "annotators are evenly divided over this trajectory: it gets no label")
            else:
                self._labels[id] = mean if graded else float(mean > 0.5)

    def _add_pair(self, pair: Pair, record: PairRecord) -> None:
        there = self._pairs.setdefault(pair.task, set())
        if (pair.preferred, pair.other) in there:
            self._skip(record.place, "is a pair that is there already")
            return
        there.add((pair.preferred, pair.other))
        taken = self._pair_ids.setdefault(pair.task, set())
        id = next(pair_ids(pair.task, taken))
        taken.add(id)
        self.made.pairs.append(replace(pair, id=id))
        self.made.given += 1

    def _add_judged(self, votes: list[tuple[PairRecord, Pair]]) -> None:
        """Add one pair for all votes on it, as the majority decides. Votes of earlier imports count too."""
        (record, pair), sides = votes[0], Vote("", votes[0][1].preferred, votes[0][1].other).sides
        every = self._votes.setdefault(sides, [])
        every += [Vote(str(r.annotator), p.preferred, p.other) for r, p in votes]
        every[:] = dict.fromkeys(every)
        first = sum(vote.value for vote in every)
        if self._pairs.get(pair.task, set()) & {sides, sides[::-1]}:
            self._skip(record.place, "is a pair that is there already; its votes were added")
        elif 2 * first == len(every):
            self._skip(record.place, "annotators are evenly divided over this pair")
        else:
            best, other = sides if 2 * first > len(every) else (sides[1], sides[0])
            categories = dict.fromkeys(c for _, p in votes if p.preferred == best for c in p.categories)
            self._add_pair(Pair("", pair.task, best, other, tuple(categories)), record)

    def _skip(self, place: Place, what: str) -> None:
        self.made.skipped.append(Problem(place, "", what, skip=True))


def _shared(chosen: Value | None, said: Iterable[Value | None], key: Callable[[Value], str], default: Value) -> Value:
    """The chosen value, else the most frequent one of the runs (None means the default). Ties go to the last key."""
    if chosen is not None:
        return chosen
    counts: Counter[str] = Counter()
    values: dict[str, Value] = {"": default}
    for value in said:
        name = "" if value is None else key(value)
        counts[name] += 1
        values.setdefault(name, default if value is None else value)
    return values[max(counts, key=lambda name: (counts[name], name))] if counts else default


def _digest(trajectory: Trajectory) -> str:
    return files.digest(trajectory_to_json(trajectory))


def _digest_of_tools(tools: tuple[Tool, ...]) -> str:
    return files.canonical_json([tool_to_json(tool) for tool in tools]).decode()


def _id(task: str, whole: str) -> str:
    """An id that is the same whenever this trajectory is imported, and is safe as a file name."""
    readable = _UNSAFE_IN_ID.sub("-", task)[:40].strip("._-")
    unique = hashlib.sha256(f"{task}\n{whole}".encode()).hexdigest()[:12]
    return "-".join(part for part in (readable, unique) if part)
