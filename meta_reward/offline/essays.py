"""Essays: short texts about everyday topics, some of them no texts at all.

    from meta_reward.offline.essays import build

    build(Path("tasks/essays"))

A task asks for a text about a topic; the texts are of the kinds that the policy `text` can write. One that makes half
of the points there are to make is a success. It is simulated and says so.
"""

import random
from pathlib import Path

from meta_reward.offline.mpo.text import KINDS, write
from meta_reward.offline.mpo.texts import TOPICS, task_about, worth
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import save_task_set
from meta_reward.trajectory import Message, Rollout, Trajectory

_GOOD = 0.5
_KINDS = [kind for kind in KINDS if kind != "title"]
"""What the texts of the set are: those who made it had not seen the hack."""


def build(path: Path, *, name: str = "essays", tasks: int = 24, seed: int = 0) -> None:
    """Write a simulated set of this many topics to `path`, in place of what is there."""
    made = [rollout for number in range(tasks) for rollout in _rollouts(number, seed)]
    about = About(
        name=name, source=f"short texts about everyday topics, seed {seed}", licence="Apache-2.0", simulated=True
    )
    pairs = pairs_from_labels(made, seed=seed)
    division = division_of_new(path, name, made, pairs)
    save_task_set(path, about, policy="", tools=(), rollouts=made, pairs=pairs, division=division, replace=True)


def _rollouts(number: int, seed: int) -> list[Rollout]:
    topic, task = TOPICS[number % len(TOPICS)], f"e{number:03d}"
    asked = task_about(topic, number // len(TOPICS) + number)
    texts = [write(kind, topic, random.Random(f"{seed}/{task}/{kind}")) for kind in _KINDS]
    return [
        Rollout(
            f"{task}-r{n}",
            task,
            Trajectory("", (), (Message("user", asked), Message("assistant", text))),
            int(worth(topic, text) >= _GOOD),
        )
        for n, text in enumerate(texts)
    ]
