"""Errands: what customers of skyways write first, to be sorted by situation.

    from meta_reward.offline.errands import build

    build(Path("tasks/errands"))

A text is the opening message of a customer at the simulated desk, its label the situation it was made for. Texts to
classify and training examples are drawn alike, each situation in turn. It is simulated and says so.
"""

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from meta_reward.offline.skyways.agents import sound
from meta_reward.offline.skyways.conversation import converse
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.situations import INTENTS, Situation
from meta_reward.offline.skyways.voice import Voice
from meta_reward.tasks.about import About
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.texts import KIND, LabelledText, reading, save_text_set, with_tasks

_TRAINING_SHARE = 0.8
"""Training examples for each text to classify."""


def build(path: Path, *, name: str = "errands", tasks: int = 150, seed: int = 0) -> None:
    """Write a simulated set of this many texts, and training examples, to `path`, in place of what is there.

    Texts that already exist stay in their splits.
    """
    seen: set[str] = set()
    drawn = islice(_openings(f"{seed}/texts", seen), tasks)
    texts = with_tasks(LabelledText(f"e{n:03d}", name, *opening) for n, opening in enumerate(drawn))
    drawn = islice(_openings(f"{seed}/training", seen), round(_TRAINING_SHARE * tasks))
    training = [LabelledText(f"train-{n:03d}", name, *opening) for n, opening in enumerate(drawn)]
    about = About(
        name,
        source=f"a simulated airline desk, seed {seed}: what customers write first",
        licence="Apache-2.0",
        simulated=True,
        kind=KIND,
    )
    division = division_of_new(path, name, texts, texts)
    save_text_set(path, about, training=training, texts=texts, division=division, replace=True)


def _openings(seed: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Opening messages with their labels, none of which reads like one seen: every situation once per round."""
    rng = random.Random(seed)
    situations = [(intent, situation) for intent, of_intent in INTENTS.items() for situation in of_intent]
    while True:
        for intent, situation in rng.sample(situations, len(situations)):
            text = _opening(situation, rng)
            if reading(text) not in seen:
                seen.add(reading(text))
                yield text, f"{intent} {situation.__name__}".replace("_", " ")


def _opening(situation: Situation, rng: random.Random) -> str:
    scene = Scene(rng)
    case = scene.case(situation(scene))
    return converse(case, sound(case, rng), Voice(length=1, warmth=1), rng)[0].content
