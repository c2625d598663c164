"""The judge is given the clauses of the policy that forbid, require or set a condition.

These are the clauses an agent breaks; the rest explains how things are.

Risk: definitions that a condition rests on are left out.
"""

import re

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import clauses_of

ANSWERS = ("no-policy", "more-changes", "restraint", "procedure")
LIMIT = re.compile(
    r"(?i)\b(must|only|cannot|can't|can not|never|not allowed|not permitted|do not|don't|does not|may not|should not|"
    r"shouldn't|unless|except|before|if|at most|at least|no more than|within|required?|prohibited|deny|refuse)\b"
)


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: what it forbids, requires or makes conditional."""
    return "\n".join(clause for clause in clauses_of(trajectory.policy) if LIMIT.search(clause))
