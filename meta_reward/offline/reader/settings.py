"""The named strengths of the simulated reader's weaknesses."""

from dataclasses import dataclass

from meta_reward.offline.simulated import changed_strengths


@dataclass(frozen=True, slots=True)
class Strengths:
    """How strong each weakness is: 0 none, 1 as it is, more is worse.

    middle: loses what stands in the middle of a long prompt. attention: overlooks more and more of what a prompt has
    beyond what it can attend to. recency: leans to the labels of the last examples. majority: leans to the labels that
    most examples have. noise: differs from prompt to prompt and from draw to draw. chatter: wraps the label in a
    sentence. collapse: loses lines of notes that it is asked to rewrite.
    """

    middle: float = 1.0
    attention: float = 1.0
    recency: float = 1.0
    majority: float = 1.0
    noise: float = 1.0
    chatter: float = 1.0
    collapse: float = 1.0


def strengths_of(changed: dict[str, float]) -> Strengths:
    """The default with some strengths changed. Raises UsageError for names it does not know."""
    return changed_strengths(Strengths(), changed, "reader")
