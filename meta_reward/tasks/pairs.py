"""Preference pairs from absolute labels: a success against a failure of the same task."""

import random
from collections.abc import Iterable, Mapping, Sequence

from meta_reward.trajectory import Pair, Rollout

PAIRS_PER_TASK = 10


def pairs_from_labels(
    rollouts: Iterable[Rollout],
    *,
    per_task: int = PAIRS_PER_TASK,
    seed: int = 0,
    categories: Mapping[str, Sequence[str]] | None = None,
) -> list[Pair]:
    """At most `per_task` pairs per task, drawn deterministically, in the order of tasks and rollouts.

    categories: failure categories by the id of the failed rollout; its pairs get them.
    """
    by_task: dict[str, list[Rollout]] = {}
    for rollout in rollouts:
        by_task.setdefault(rollout.task, []).append(rollout)
    return [
        pair
        for task in sorted(by_task)
        for pair in _pairs_of_task(task, by_task[task], per_task, seed, categories or {})
    ]


def _pairs_of_task(
    task: str, rollouts: Sequence[Rollout], per_task: int, seed: int, categories: Mapping[str, Sequence[str]]
) -> list[Pair]:
    successes = [r.id for r in rollouts if r.success == 1]
    failures = [r.id for r in rollouts if r.success == 0]
    every = [(good, bad) for good in successes for bad in failures]
    if len(every) > per_task:
        kept = random.Random(f"{seed}\n{task}").sample(range(len(every)), per_task)
        every = [every[i] for i in sorted(kept)]
    return [
        Pair(f"{task}-p{number}", task, good, bad, tuple(categories.get(bad, ())))
        for number, (good, bad) in enumerate(every, 1)
    ]
