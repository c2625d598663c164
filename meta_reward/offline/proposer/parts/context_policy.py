"""The judge is given the whole policy the agent works under.

Without it a judge takes its own idea of good service for the rule, and a change that the policy
forbids for help.

Risk: a long policy makes the prompt long, and the clause that decides is one among many.
"""

from meta_reward.harness import Trajectory

ANSWERS = ("no-policy", "more-changes", "restraint")


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: all of it."""
    return trajectory.policy.strip()
