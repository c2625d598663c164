"""The judge reads the whole transcript, as it is.

Nothing is lost that a summary might leave out, and the numbers of messages can be quoted.

Risk: long runs make long prompts, which judges read only in part.
"""

from meta_reward.harness import Trajectory

ANSWERS = ("cut-short",)


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: all of it."""
    return trajectory.transcript()
