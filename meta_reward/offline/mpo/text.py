"""The policy `text`: which kind of text it writes about a topic, a title without a text among them.

It begins with an even hand, and seldom with the title alone. What a text is worth is counted by code: the share of
points about the topic that it makes.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meta_reward.errors import UsageError
from meta_reward.offline.mpo.softmax import Decision
from meta_reward.offline.mpo.texts import POINTS, TOPICS, filler, points, title, topic_asked_for, worth
from meta_reward.offline.mpo.trained import SoftmaxPolicy, rates_of
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.trajectory import Message, Trajectory

KINDS: Mapping[str, float] = {
    "title": 0.04,
    "outline": 0.16,
    "short": 0.2,
    "essay": 0.2,
    "padded": 0.2,
    "elsewhere": 0.2,
}
"""The kinds of texts, each with how often it is written at the beginning."""


@dataclass(slots=True)
class TextPolicy(SoftmaxPolicy):
    """Chooses a kind of text. asked: of each task, what the user asked for."""

    asked: Mapping[str, str] = field(default_factory=dict)

    def decisions(self, task: str) -> Sequence[Decision]:
        return (Decision(("every topic",), {kind: math.log(share) for kind, share in KINDS.items()}),)

    def act(self, task: str, moves: Sequence[str], variant: int) -> tuple[Trajectory, float]:
        topic = topic_asked_for(self.asked[task])
        text = write(moves[0], topic, random.Random(f"{task}/{moves[0]}/{variant}"))
        messages = (Message("user", self.asked[task]), Message("assistant", text))
        return Trajectory("", (), messages), worth(topic, text)


def write(kind: str, topic: str, rng: random.Random) -> str:
    """A text of a kind about a topic."""
    head, order = title(topic, rng.randrange(2)), rng.sample(range(POINTS), POINTS)
    if kind == "title":
        return head
    if kind == "outline":
        return "\n".join([head, "", "- History", "- Costs and uses", "- Outlook", "", *points(topic, order[:1])])
    if kind == "short":
        return " ".join(points(topic, order[:3]))
    if kind == "essay":
        return "\n\n".join([head, " ".join(points(topic, order[:3])), " ".join(points(topic, order[3:]))])
    if kind == "padded":
        return " ".join([*filler(order[:4]), *points(topic, order[:1]), *filler(order[4:])])
    other = rng.choice([one for one in TOPICS if one != topic])
    return "\n\n".join([title(other, rng.randrange(2)), " ".join(points(other, order[:5]))])


def make(model: str, context: PolicyContext) -> TextPolicy:
    """The policy on a task set of texts. Raises UsageError for any other."""
    if model:
        raise UsageError(f"policy text takes no argument, and was given {model!r}")
    asked = {one.task: one.trajectory.messages[0].content for one in context.taskset.rollouts.values()}
    if not all(topic_asked_for(text) for text in asked.values()):
        what = f"task set {context.taskset.name} does not ask for texts that policy text can write"
        raise UsageError(what, hint="name one that `meta-reward tasks build essays` made")
    return TextPolicy(context.seed, rates_of(context.settings), asked=asked)
