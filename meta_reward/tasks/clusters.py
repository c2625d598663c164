"""Clusters of pairs by explicit rules, for pairs without categories; they work on any tool-calling trajectory.

Each rule is a short function of the winner and the loser of a pair, with the sentence that tables print. A pair may be
in several clusters; a pair in none is in `OTHER`. Rules look at names, arguments and words, without understanding them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meta_reward import files
from meta_reward.tasks.features import REFUSAL, said
from meta_reward.trajectory import Pair, Rollout, ToolCall, Trajectory

OTHER = "none of these"
SAME_TALK = 0.5
"""Two agents say nearly the same if they have at least this share of their words in common."""
LONGER = 1.5
"""How many times as much one agent says as the other."""

_CHANGING = set(
    """add adjust allocate append apply approve archive assign attach book buy cancel change charge clear close commit
    compensate correct create credit delete deploy deposit disable edit enable exchange generate grant insert install
    issue lock merge modify move order pay place post publish purchase push put rebook refund register reject release
    remove rename replace reserve reset restart return revoke save schedule send set ship start stop submit subscribe
    suspend terminate transfer uninstall unlock unsubscribe update upgrade upload withdraw write""".split()
)
_READING = set(
    """ask browse calculate check compute count describe details fetch find get history info inspect list look lookup
    query read retrieve search show status think thought thoughts validate verify view""".split()
)
_PERSON = set("agent agents human operator person representative specialist supervisor support".split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_DONE = re.compile(
    r"\b(successfully|all set|(has|have) (now )?been \w+ed|is now \w+ed|(is|are) confirmed"
    r"|(I have|I've) (now |just )?(?!look|check|review|retriev|locat|verif|gather|notic)\w+(ed|nt|ne|de))\b",
    re.IGNORECASE,
)

Holds = Callable[[Trajectory, Trajectory], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A cluster of pairs."""

    name: str
    sentence: str
    """What is true of its pairs."""
    holds: Holds
    """The condition on the winner and the loser."""


def is_handover(call: ToolCall) -> bool:
    """Whether a call hands the conversation over to a person: `escalate`, or `transfer` to one."""
    words = _words(call.name)
    return "escalate" in words or ("transfer" in words and bool(_PERSON.intersection(words)))


def is_write(call: ToolCall) -> bool:
    """Whether a call changes something: its tool's name has a word for changing and none for reading; no hand-over.

    A name that ends with `add` counts as a calculator, because a tool that adds to a record says what it adds.
    """
    words = _words(call.name)
    changes = bool(_CHANGING.intersection(words)) and not _READING.intersection(words)
    return changes and not is_handover(call) and words[-1] != "add"


def writes_of(trajectory: Trajectory) -> set[str]:
    """The writes of a run, without those whose result is an error: tools with their arguments."""
    return {_key(call) for call, answer in trajectory.calls() if is_write(call) and not (answer and answer.is_error)}


def action_bias(winner: Trajectory, loser: Trajectory) -> bool:
    """The loser makes all the writes of the winner, and more."""
    return writes_of(winner) < writes_of(loser)


def state_mismatch(winner: Trajectory, loser: Trajectory) -> bool:
    """Both agents say nearly the same, but their writes differ."""
    return writes_of(winner) != writes_of(loser) and _talk_alike(winner, loser)


def claims_without_a_call(winner: Trajectory, loser: Trajectory) -> bool:
    """The loser says that something was done before it has written anything; the winner never does."""
    return _claims_early(loser) and not _claims_early(winner)


def refusals(winner: Trajectory, loser: Trajectory) -> bool:
    """One agent refuses at the end or hands over, the other does not."""
    return _refuses(winner) != _refuses(loser)


def length(winner: Trajectory, loser: Trajectory) -> bool:
    """One agent says much more than the other."""
    shorter, longer = sorted(sum(map(len, said(run))) for run in (winner, loser))
    return longer > LONGER * shorter


def errors(winner: Trajectory, loser: Trajectory) -> bool:
    """More of the loser's calls fail."""
    return _failed(loser) > _failed(winner)


RULES = (
    Rule("action bias", "the loser makes all the writes of the winner, and others that it refrained from", action_bias),
    Rule("state mismatch", f"{SAME_TALK:.0%} of the words are the same, and the writes differ", state_mismatch),
    Rule(
        "claims without a call",
        "the loser says that something was done before it wrote anything; the winner never does",
        claims_without_a_call,
    ),
    Rule("refusals", "one of both ends with words of refusal or hands over to a person, the other not", refusals),
    Rule("length", f"one agent says more than {LONGER:g} times as much as the other, in characters", length),
    Rule("errors", "more calls of the loser fail than of the winner", errors),
)
WHAT_IS_A_WRITE = (
    "a write is a call without an error whose tool's name has a word such as book, cancel, send or update, and none "
    "such as get, list, search or check"
)


def clusters_of(pair: Pair, rollouts: Mapping[str, Rollout]) -> tuple[str, ...]:
    """The names of the rules that hold for a pair; `OTHER` if none does."""
    winner, loser = rollouts[pair.preferred].trajectory, rollouts[pair.other].trajectory
    return tuple(rule.name for rule in RULES if rule.holds(winner, loser)) or (OTHER,)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _key(call: ToolCall) -> str:
    return f"{call.name} {files.canonical_json(call.arguments).decode()}"


def _talk_alike(one: Trajectory, other: Trajectory) -> bool:
    words, others = (set(re.findall(r"\w+", " ".join(said(run)).lower())) for run in (one, other))
    return len(words & others) >= SAME_TALK * max(1, len(words | others))


def _claims_early(trajectory: Trajectory) -> bool:
    """Whether the agent says that something was done before any write that did not fail."""
    answers = {call.id: answer for call, answer in trajectory.calls()}
    for message in trajectory.messages:
        if message.role != "assistant":
            continue
        if _DONE.search(message.content):
            return True
        if any(
            is_write(call) and not ((answer := answers[call.id]) and answer.is_error) for call in message.tool_calls
        ):
            return False
    return False


def _refuses(trajectory: Trajectory) -> bool:
    words = said(trajectory)
    handed = any(is_handover(call) for m in trajectory.messages if m.role == "assistant" for call in m.tool_calls)
    return handed or bool(words and REFUSAL.search(words[-1]))


def _failed(trajectory: Trajectory) -> int:
    return sum(message.is_error for message in trajectory.messages)
