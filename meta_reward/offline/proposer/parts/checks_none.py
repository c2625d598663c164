"""Code verifies nothing.

The judge is left to its own reading; right where checks raise false alarms.

Risk: what a reader overlooks stays overlooked.
"""

from meta_reward.harness import Trajectory

ANSWERS = ("false-alarms",)


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: nothing."""
    return {}
