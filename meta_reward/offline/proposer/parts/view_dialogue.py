"""The judge reads the conversation with one line for each change, and none of what lookups returned.

Who wanted what, who agreed to what and what was refused is told by the words alone; the output of
tools drowns it.

Risk: facts that only a lookup shows, such as a fare class or a date, are not seen.
"""

from meta_reward.harness import Trajectory, render_call
from meta_reward.offline.proposer.parts.helpers import agent_steps

ANSWERS = ("long-prompts", "restraint")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: what was said, and each change with its outcome."""
    steps = {step.call.id: step for step in agent_steps(trajectory)}
    lines = []
    for number, message in enumerate(trajectory.messages, 1):
        if message.role != "tool" and message.content:
            lines.append(f"[{number}] {message.role}: {message.content}")
        for step in (steps[call.id] for call in message.tool_calls if call.id in steps):
            if step.changes:
                outcome = "done" if step.worked else "failed"
                lines.append(f"[{number}] CHANGE ({outcome}): {render_call(step.call)}")
    return "\n".join(lines)
