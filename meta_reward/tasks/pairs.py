"""Preference pairs from labels: of two runs of the same task, the one with the higher label is preferred."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from meta_reward.trajectory import Pair, Rollout

PAIRS_PER_TASK = 10
_ROUNDING = 1e-9  # so that 0.8 and 0.5 do not differ by more than 0.3


def pairs_from_labels(
    rollouts: Iterable[Rollout],
    *,
    per_task: int = PAIRS_PER_TASK,
    seed: int = 0,
    categories: Mapping[str, Sequence[str]] | None = None,
    labels: Mapping[str, float] | None = None,
    min_gap: float = 0.0,
    existing: Iterable[Pair] = (),
) -> list[Pair]:
    """At most `per_task` pairs per task, drawn deterministically, in the order of tasks and rollouts.

    categories: failure categories for the pairs, by the id of the worse rollout. labels: by rollout id; success and
    failure by default. min_gap: the labels of a pair must differ by more than this. existing: pairs that exist
    already; they are not drawn again, and count towards `per_task`.
    """
    by_task: dict[str, list[tuple[str, float]]] = {}
    for rollout in rollouts:
        label = rollout.success if labels is None else labels.get(rollout.id)
        if label is not None:
            by_task.setdefault(rollout.task, []).append((rollout.id, float(label)))
    there: dict[str, list[Pair]] = {}
    for pair in existing:
        there.setdefault(pair.task, []).append(pair)
    return [
        Pair(id, task, better, worse, tuple((categories or {}).get(worse, ())))
        for task in sorted(by_task)
        for id, better, worse in _drawn(task, by_task[task], per_task, f"{seed}\n{task}", min_gap, there.get(task, []))
    ]


def pair_ids(task: str, taken: Collection[str]) -> Iterator[str]:
    """Ids for new pairs of a task, an endless iterator. taken: ids of its existing pairs."""
    return ids_beside(f"{task}-p", taken)


def ids_beside(start: str, taken: Collection[str]) -> Iterator[str]:
    """Ids made of `start` and a number, an endless iterator. taken: ids that are in use already."""
    number = len(taken)
    while True:
        number += 1
        if (id := f"{start}{number}") not in taken:
            yield id


def _drawn(
    task: str, labelled: Sequence[tuple[str, float]], per_task: int, seed: str, min_gap: float, there: Sequence[Pair]
) -> Iterable[tuple[str, str, str]]:
    candidates = _Candidates(labelled, min_gap)
    known = {frozenset((pair.preferred, pair.other)) for pair in there}
    wanted = max(0, per_task - len(there))
    if candidates.total > per_task:  # a task with many runs has too many pairs to list all of them
        drawn = random.Random(seed).sample(range(candidates.total), min(candidates.total, per_task + len(there)))
    else:
        drawn = list(range(candidates.total))
    new = [at for at in drawn if frozenset(candidates[at]) not in known][:wanted]
    ids = pair_ids(task, {pair.id for pair in there})
    return [(id, *candidates[at]) for at, id in zip(sorted(new), ids, strict=False)]


class _Candidates:
    """All pairs of runs whose labels differ by enough, addressed by number without listing them."""

    def __init__(self, labelled: Sequence[tuple[str, float]], min_gap: float) -> None:
        worse = sorted((label, at) for at, (_, label) in enumerate(labelled))
        values = [label for label, _ in worse]
        self._ids = [id for id, _ in labelled]
        self._worse = [at for _, at in worse]
        counts = [bisect_left(values, label - min_gap - _ROUNDING) for _, label in labelled]
        self._ends = list(accumulate(counts))
        self._starts = [end - count for end, count in zip(self._ends, counts, strict=True)]
        self.total = self._ends[-1] if labelled else 0

    def __getitem__(self, number: int) -> tuple[str, str]:
        """The ids of the better and the worse run of a pair."""
        better = bisect_right(self._ends, number)
        return self._ids[better], self._ids[self._worse[number - self._starts[better]]]
