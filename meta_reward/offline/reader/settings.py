"""The named strengths of the simulated reader's weaknesses."""

from dataclasses import dataclass, fields

from meta_reward.errors import UsageError


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


NAMES = tuple(field.name for field in fields(Strengths))


def strengths_of(changed: dict[str, float]) -> Strengths:
    """The default with some strengths changed. Raises UsageError for names it does not know."""
    unknown = sorted(set(changed) - set(NAMES))
    if unknown:
        raise UsageError(
            f"unknown strength {unknown[0]!r} of the simulated reader", hint=f"known are {', '.join(NAMES)}"
        )
    if not all(0 <= value <= 10 for value in changed.values()):
        raise UsageError("a strength of the simulated reader lies outside 0 to 10", hint="0 is none, 1 the default")
    return Strengths(**{name: float(value) for name, value in changed.items()})
