"""Which samples of the current policy a refinement looks at: those in which an exploit would show.

A third have the highest rewards, a third have rewards furthest from the mean of their task, and a third come from the
tasks whose rewards vary least. No sample is chosen twice, and of equal conversations only one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from statistics import fmean, pvariance

from meta_reward import files
from meta_reward.run.samples import Chosen
from meta_reward.search.mpo.policy import Sample
from meta_reward.trajectory import trajectory_to_json

HIGHEST, DISAGREES, ALIKE = "highest reward", "furthest from its group", "least variance"


def choose_samples(samples: Sequence[Sample], rewards: Mapping[str, float | None], most: int) -> list[Chosen]:
    """At most `most` samples, each with why it was chosen.

    rewards: from 0 to 100 by the sample's id; samples with None are never chosen.
    """
    scored = [(sample, reward) for sample in samples if (reward := rewards[sample.id]) is not None]
    groups: dict[str, list[float]] = {}
    for sample, reward in scored:
        groups.setdefault(sample.task, []).append(reward)
    mean = {task: fmean(group) for task, group in groups.items()}
    spread = {task: pvariance(group) for task, group in groups.items()}
    orders = {
        HIGHEST: sorted(scored, key=lambda one: (-one[1], one[0].id)),
        DISAGREES: sorted(scored, key=lambda one: (-abs(one[1] - mean[one[0].task]), one[0].id)),
        ALIKE: sorted(scored, key=lambda one: (spread[one[0].task], -one[1], one[0].id)),
    }
    chosen: dict[str, Chosen] = {}
    for why, (sample, reward) in _in_turn({why: iter(order) for why, order in orders.items()}):
        if len(chosen) == most:
            break
        chosen.setdefault(files.digest(trajectory_to_json(sample.trajectory)), _chosen(sample, why, reward))
    return list(chosen.values())


def _chosen(sample: Sample, why: str, reward: float) -> Chosen:
    return Chosen(sample.id, sample.task, why, reward)


def _in_turn(orders: Mapping[str, Iterator[tuple[Sample, float]]]) -> Iterator[tuple[str, tuple[Sample, float]]]:
    """The next sample of each order in turn, until all orders are exhausted."""
    left = dict(orders)
    for why in cycle(orders):
        if why in left and (one := next(left[why], None)) is not None:
            yield why, one
        else:
            left.pop(why, None)
        if not left:
            return
