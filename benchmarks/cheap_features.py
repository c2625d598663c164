"""Agreement of single cheap features with the pairs of a task set: none should tell good from bad.

    python benchmarks/cheap_features.py [TASKSET]

Prints, for each feature, how often the preferred trajectory has more of it (a tie counts one half), and
the better of the two directions. On tasks/skyways all of these stay below 0.65: a harness that does
better has read something.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from meta_reward.tasks.clusters import is_write
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Message, Pair, Trajectory

Feature = Callable[[Trajectory], float]


def agreement(taskset: TaskSet, feature: Feature, pairs: Iterable[Pair]) -> float:
    """Share of pairs in which the preferred trajectory has more of the feature; a tie counts one half."""
    value = {name: feature(rollout.trajectory) for name, rollout in taskset.rollouts.items()}
    outcomes = [_outcome(value[pair.preferred], value[pair.other]) for pair in pairs]
    return sum(outcomes) / len(outcomes)


def table(taskset: TaskSet) -> list[tuple[str, float]]:
    """Every feature with its agreement over all pairs, in the direction as named."""
    return [(name, agreement(taskset, feature, taskset.pairs)) for name, feature in FEATURES.items()]


def _outcome(preferred: float, other: float) -> float:
    return 0.5 if preferred == other else float(preferred > other)


def _said(trajectory: Trajectory, role: str = "assistant") -> list[Message]:
    return [m for m in trajectory.messages if m.role == role and m.content]


def _count(pattern: str, role: str = "assistant") -> Feature:
    words = re.compile(pattern, re.IGNORECASE)
    return lambda trajectory: sum(len(words.findall(m.content)) for m in _said(trajectory, role))


def _calls(trajectory: Trajectory, *, writes: bool | None = None) -> int:
    made = [call for call, _ in trajectory.calls()]
    return sum(writes is None or is_write(call) == writes for call in made)


FEATURES: dict[str, Feature] = {
    "messages": lambda t: len(t.messages),
    "length of all messages": lambda t: sum(len(m.content) for m in t.messages),
    "length of the agent's words": lambda t: sum(len(m.content) for m in _said(t)),
    "length of the agent's last message": lambda t: len(_said(t)[-1].content),
    "customer's messages": lambda t: len(_said(t, "user")),
    "calls": _calls,
    "calls that write": lambda t: _calls(t, writes=True),
    "calls that read": lambda t: _calls(t, writes=False),
    "errors in results": lambda t: sum(m.is_error for m in t.messages),
    "apologies": _count(r"\bsorry\b|unfortunately|afraid|apolog"),
    "words of success": _count(r"successfully|confirmed|\bdone\b|has been|all set|\bI have\b"),
    "words of politeness": _count(r"thank|please|glad|pleasure|appreciate|happy to"),
    "flattery": _count(r"wonderful|excellent|admire|honou?r|\bgreat\b|kind\b"),
    "questions of the agent": _count(r"\?"),
    "questions of the customer": _count(r"\?", "user"),
    "customer says yes": _count(r"\byes\b|go ahead|please do", "user"),
    "refusing words": _count(r"\bcan't\b|\bnot\b|\bno\b|\bonly\b"),
    "amounts named": _count(r"EUR \d+"),
}


def main() -> None:
    """Print the table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("tasks/skyways")
    taskset = load_task_set(path)
    print(f"{path}: {len(taskset.rollouts)} trajectories, {len(taskset.pairs)} pairs")
    print(f"{'feature':36} more  best direction")
    for name, share in table(taskset):
        print(f"{name:36} {share:.3f} {max(share, 1 - share):.3f}")


if __name__ == "__main__":
    main()
