"""Code counts what was changed, refused and left in error, so that no reader has to.

How many changes were made and whether any was refused is the first thing to know about a run, and
a reader of a long one gets it wrong.

Risk: counts say nothing about whether a change was right.
"""

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import REFUSAL, agent_steps

ANSWERS = ("restraint", "more-changes", "long-prompts")


def checks(trajectory: Trajectory) -> dict[str, bool]:
    """What code verifies, as statements that hold or not: the tally of changes, refusals and errors."""
    steps = agent_steps(trajectory)
    done = [step for step in steps if step.changes and step.worked]
    names = ", ".join(f"[{step.number}] {step.call.name}" for step in done) or "none"
    refusals = [
        number
        for number, message in enumerate(trajectory.messages, 1)
        if message.role == "assistant" and REFUSAL.search(message.content)
    ]
    repaired = {step.call.name for step in steps if step.worked}
    failed = [step for step in steps if not step.worked and step.call.name not in repaired]
    return {
        f"changes made: {len(done)} ({names})": True,
        f"the agent declined something in {len(refusals)} message(s) {refusals}": True,
        f"calls that failed and were never repaired: {len(failed)}": not failed,
    }
