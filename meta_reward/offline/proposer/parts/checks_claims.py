"""Code verifies that what the agent says it has done was done by a tool that worked.

A judge believes "I have issued your refund"; the list of successful calls does not.

Risk: a claim in words far from the tool's name may be held against a sound run, or pass for another's.
"""

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import claims_backed

ANSWERS = ("unbacked-claims", "restraint")


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: a call that worked behind each claim of work done."""
    return claims_backed(trajectory)
