"""Code verifies that the values in each change were given or named before, and not made up.

A wrong record, date or amount looks like any other in a call; whether it occurs anywhere before is
a matter of search.

Risk: names that the agent rightly completed, such as a code for a city, are not found.
"""

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import changes_made, unseen_values

ANSWERS = ("same-changes", "more-changes")


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: the origin of every value in a change."""
    facts = {}
    for step in changes_made(trajectory):
        missing = unseen_values(step, trajectory)
        origin = f"not seen before: {', '.join(missing[:4])}" if missing else "all seen before"
        facts[f"values of [{step.number}] {step.call.name} have an origin ({origin})"] = not missing
    return facts
