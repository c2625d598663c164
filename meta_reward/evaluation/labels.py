"""Rewards compared with labels of success: a threshold turns each reward into a verdict, which is right or wrong.

TPR is the share of successes with a reward that reaches the threshold, TNR the share of failures with a reward that
does not. Kappa is Cohen's: the agreement beyond chance. A missing reward counts as wrong, just as it loses a pair.
Intervals treat tasks as the unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.statistics import Interval, by_task, difference_interval, share_interval
from meta_reward.trajectory import Rollout

THRESHOLD = 50.0


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """How well verdicts match labels."""

    threshold: float
    """From 0 to 100; a reward that reaches it is a verdict of success."""
    trajectories: int
    """Number of trajectories with a label."""
    successes: int
    accuracy: Interval
    tpr: Interval | None
    """None without a success."""
    tnr: Interval | None
    """None without a failure."""
    kappa: Interval | None
    """None if all labels and all verdicts are the same, so that they agree by chance alone."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    task: str
    label: bool
    said: bool


def against_labels(
    rollouts: Iterable[Rollout], rewards: Mapping[str, float | None], *, threshold: float = THRESHOLD
) -> LabelMetrics | None:
    """How well verdicts match labels; None if no rollout has a label. rewards: by rollout id, from 0 to 100."""
    verdicts = [_verdict(r, rewards.get(r.id), threshold) for r in rollouts if r.success is not None]
    accuracy = _right(verdicts)
    if accuracy is None:
        return None
    return LabelMetrics(
        threshold,
        len(verdicts),
        sum(verdict.label for verdict in verdicts),
        accuracy,
        _right([verdict for verdict in verdicts if verdict.label]),
        _right([verdict for verdict in verdicts if not verdict.label]),
        _kappa(verdicts),
    )


def _verdict(rollout: Rollout, reward: float | None, threshold: float) -> _Verdict:
    label = rollout.success == 1
    return _Verdict(rollout.task, label, not label if reward is None else reward >= threshold)


def _right(verdicts: Sequence[_Verdict]) -> Interval | None:
    return share_interval(by_task((v.task for v in verdicts), (float(v.label == v.said) for v in verdicts)))


def _kappa(verdicts: Sequence[_Verdict]) -> Interval | None:
    """Cohen's kappa. Its interval is the one for the mean of its linearization; that mean is kappa itself.

    Source: Fleiss, Cohen and Everitt (1969) for the variance by the delta method, here by task.
    """
    n = len(verdicts)
    labelled, said = (sum(values) / n for values in ((v.label for v in verdicts), (v.said for v in verdicts)))
    observed = sum(v.label == v.said for v in verdicts) / n
    chance = labelled * said + (1 - labelled) * (1 - said)
    if chance > 1 - 1e-12:
        return None
    kappa = (observed - chance) / (1 - chance)

    def linear(v: _Verdict) -> float:
        of_chance = (2 * said - 1) * (v.label - labelled) + (2 * labelled - 1) * (v.said - said)
        return kappa + ((v.label == v.said) - observed - (1 - kappa) * of_chance) / (1 - chance)

    return difference_interval(by_task((v.task for v in verdicts), map(linear, verdicts)))
