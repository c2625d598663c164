"""The steps of a training, each a line of `steps.jsonl`.

Only people and reports read them: they hold official rewards, which neither a judge nor a proposer may see.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import fmean, pvariance

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.records import parse_record
from meta_reward.search.mpo.policy import Sample, UpdateStats

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One update of the policy."""

    step: int
    """From 1."""
    harness: str
    """The id of the candidate that gave the rewards."""
    samples: int
    failed: int
    """Samples without a reward."""
    reward: float | None
    """Mean learned reward, from 0 to 100; None if no sample has one."""
    official: float | None
    """Mean official reward, from 0 to 1; None if it is not known."""
    groups: int
    """Tasks with at least one reward."""
    equal_groups: int
    """Groups in which all rewards are equal, so that nothing can be learned from them."""
    variance: float
    """Mean variance of the rewards within a group."""
    length: float
    """Mean number of characters that the agent said in a sample."""
    entropy: float | None
    """This, `kl` and `more` are those of `UpdateStats`."""
    kl: float | None
    moves: dict[str, int] = field(default_factory=dict)
    """How often the policy chose each move, if it can tell."""
    more: dict[str, float] = field(default_factory=dict)
    judge_calls: int = 0
    """For samples of the step, and of the refinement after it; cached calls count in full, here and in tokens."""
    judge_tokens: int = 0


def step_of(
    step: int, harness: str, samples: Sequence[Sample], rewards: Sequence[float | None], stats: UpdateStats
) -> Step:
    """The record of an update, without the judge's calls and tokens, which are added by `SampleScorer.counted`."""
    given = [reward for reward in rewards if reward is not None]
    official = [sample.official for sample in samples if sample.official is not None]
    groups = groups_of(samples, rewards)
    return Step(
        step,
        harness,
        len(samples),
        len(samples) - len(given),
        fmean(given) if given else None,
        fmean(official) if official else None,
        len(groups),
        sum(len(set(group)) == 1 for group in groups),
        fmean(pvariance(group) for group in groups) if groups else 0.0,
        fmean(map(length_of, samples)) if samples else 0.0,
        stats.entropy,
        stats.kl,
        dict(sorted(Counter(sample.move for sample in samples if sample.move).items())),
        dict(stats.more),
    )


def groups_of(samples: Sequence[Sample], rewards: Sequence[float | None]) -> list[list[float]]:
    """The rewards of each task's samples, without missing ones; tasks without any reward are left out."""
    pairs = zip(samples, rewards, strict=True)
    groups = ([r for _, r in group if r is not None] for _, group in groupby(pairs, key=lambda pair: pair[0].task))
    return [group for group in groups if group]


def length_of(sample: Sample) -> int:
    """How many characters the agent said."""
    return sum(len(message.content) for message in sample.trajectory.messages if message.role == "assistant")


def load_steps(path: Path) -> list[Step]:
    """The recorded steps, in order. Raises DataError that names a broken line."""
    if not path.exists():
        return []
    steps = []
    for number, line in files.numbered_lines(path):
        try:
            steps.append(parse_record(Step, line))
        except TypeError as error:
            raise DataError(path, str(error), place=f"line {number}") from None
    return steps


def save_steps(path: Path, steps: Iterable[Step]) -> None:
    """Write all steps so far."""
    files.write_lines(path, ({"schema": SCHEMA, **files.as_dict(step)} for step in steps))
