"""The judge reads the whole transcript and, after it, a recap of every change and the agent's last words.

Readers of long prompts attend to the end more than to the middle, where the changes are.

Risk: the longest prompts of all.
"""

from meta_reward.harness import Trajectory, render_call
from meta_reward.offline.proposer.parts.helpers import agent_steps, clip

ANSWERS = ("cut-short", "unbacked-claims", "same-changes")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: all of it, then a recap of what counts."""
    changed = [
        f"- [{step.number}] {render_call(step.call)}: {'done' if step.worked else 'failed'}"
        for step in agent_steps(trajectory)
        if step.changes
    ]
    last = [message.content for message in trajectory.messages if message.role == "assistant" and message.content][-1:]
    recap = ["Changes the agent made:", *(changed or ["- none"]), "What it told the user last:", *last]
    return f"{trajectory.transcript()}\n\n### Recap\n\n" + "\n".join(clip(line, 600) for line in recap)
