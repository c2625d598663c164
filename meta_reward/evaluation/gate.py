"""The gate: which candidate may challenge the incumbent, and whether it replaces it.

Pure functions of numbers. The challenger is chosen on the search split and judged on the
validation split, which no proposer sees. The levels of all challenges of a search sum to ALPHA; an
extension leaves past levels as they were and tests at the level of the longer search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.statistics import sign_flip_p, standard_error

ALPHA = 0.10
EQUAL_AGREEMENT = 0.005
CHEAPER_BY = 0.10
MIN_TASKS_FOR_TEST = 12


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate as the choice of a challenger sees it: its numbers on the search split."""

    id: str
    agreement: float
    judge_tokens: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who challenges, and on what ground: `better` agreement, or `cheaper` at equal agreement."""

    challenger: str
    ground: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found on the validation split.

    difference: challenger minus incumbent, mean over pairs. p_value: None where no test was made.
    provisional: accepted or not by the rule for few tasks, which is no test.
    """

    accepted: bool
    ground: str
    difference: float
    standard_error: float | None
    p_value: float | None
    level: float
    tasks: int
    provisional: bool


def choose_challenger(incumbent: Contender, candidates: Sequence[Contender]) -> Challenge | None:
    """The best candidate if it is above the incumbent; else the cheapest of those within half a point
    that saves at least a tenth of the incumbent's judge tokens. Ties go to fewer tokens, then to the lower id."""
    better = [c for c in candidates if c.agreement > incumbent.agreement]
    if better:
        best = min(better, key=lambda c: (-c.agreement, c.judge_tokens, c.id))
        return Challenge(best.id, "better")
    limit = incumbent.judge_tokens * (1 - CHEAPER_BY)
    equal = [
        c
        for c in candidates
        if c.agreement >= incumbent.agreement - EQUAL_AGREEMENT and c.judge_tokens <= limit < incumbent.judge_tokens
    ]
    if equal:
        return Challenge(min(equal, key=lambda c: (c.judge_tokens, c.id)).id, "cheaper")
    return None


def level_of(iterations: int) -> float:
    """The level of one challenge in a search of so many iterations, the seeds' challenge included."""
    return ALPHA / (iterations + 1)


def decide(differences: Mapping[str, Sequence[float]], *, ground: str, level: float) -> Decision:
    """Whether the challenger replaces the incumbent. differences: of the pairs of each validation task.

    A `better` one must pass a one-sided sign-flip test by task at `level`; with fewer than twelve
    tasks no such test can pass, and the mean difference must exceed one standard error. A `cheaper`
    one must not be below the incumbent, so that agreement never drifts down by a chain of savings.
    """
    pairs = [value for values in differences.values() for value in values]
    mean = sum(pairs) / len(pairs)
    error = standard_error(differences)
    few = len(differences) < MIN_TASKS_FOR_TEST
    p_value = None if few or ground == "cheaper" else sign_flip_p([sum(values) for values in differences.values()])
    if ground == "cheaper":
        accepted = mean >= 0
    elif p_value is not None:
        accepted = p_value <= level
    else:
        accepted = error is not None and mean > error
    return Decision(accepted, ground, mean, error, p_value, level, len(differences), few)
