"""The judge is told of no policy.

The shortest prompt; enough where the other parts carry what matters of the policy.

Risk: what the policy forbids looks like good service.
"""

from meta_reward.harness import Trajectory

ANSWERS = ()


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: none."""
    return ""
