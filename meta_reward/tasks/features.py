"""Cheap features of a trajectory, and how often a single one tells which side of a pair is preferred.

If one feature does, a harness that reads nothing may do as well as one that understands.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from meta_reward.trajectory import Pair, Rollout, Trajectory

REFUSAL = re.compile(r"\b(unable|cannot|can't|can not|not able|unfortunately|sorry|not allowed|not permitted)\b", re.I)


@dataclass(frozen=True, slots=True)
class Explained:
    """How often a feature alone agrees with the pairs."""

    feature: str
    more: bool
    """Whether the preferred trajectory has more of it rather than less."""
    share: float
    """The share of pairs that it explains, from 0 to 1; a tie counts one half."""
    pairs: int


def most_telling(rollouts: Mapping[str, Rollout], pairs: Iterable[Pair]) -> Explained | None:
    """The feature that explains the most pairs, None without pairs."""
    listed = list(pairs)
    found = [_explained(name, feature, rollouts, listed) for name, feature in FEATURES.items()]
    return max(found, key=lambda one: one.share) if listed else None


def _explained(
    name: str, feature: Callable[[Trajectory], float], rollouts: Mapping[str, Rollout], pairs: list[Pair]
) -> Explained:
    used = {id for pair in pairs for id in (pair.preferred, pair.other)}
    value = {id: feature(rollouts[id].trajectory) for id in used}
    outcomes = [_outcome(value[pair.preferred], value[pair.other]) for pair in pairs]
    share = sum(outcomes) / len(outcomes) if outcomes else 0.5
    return Explained(name, share >= 0.5, max(share, 1 - share), len(pairs))


def _outcome(preferred: float, other: float) -> float:
    return 0.5 if preferred == other else float(preferred > other)


def said(trajectory: Trajectory) -> list[str]:
    """What the agent said, message by message."""
    return [m.content for m in trajectory.messages if m.role == "assistant" and m.content]


def _called(trajectory: Trajectory) -> list[str]:
    """The tools that the agent called; a simulated user may call some too."""
    return [call.name for m in trajectory.messages if m.role == "assistant" for call in m.tool_calls]


def count_characters(trajectory: Trajectory) -> int:
    """The characters of all messages."""
    return sum(len(m.content) for m in trajectory.messages)


def count_calls(trajectory: Trajectory) -> int:
    """The tool calls of the agent."""
    return len(_called(trajectory))


FEATURES: dict[str, Callable[[Trajectory], float]] = {
    "messages": lambda t: len(t.messages),
    "length of all messages": count_characters,
    "length of the agent's words": lambda t: sum(map(len, said(t))),
    "length of the agent's last message": lambda t: len((said(t) or [""])[-1]),
    "tool calls": count_calls,
    "different tools": lambda t: len(set(_called(t))),
    "failed tool calls": lambda t: sum(m.is_error for m in t.messages),
    "words of refusal": lambda t: sum(len(REFUSAL.findall(text)) for text in said(t)),
    "ends with a tool call": lambda t: float(bool(t.messages[-1].tool_calls)),
}
