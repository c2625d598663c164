"""The judge reads a numbered list of actions, with changes marked and what tools printed cut short.

Most of a transcript is the output of lookups; without it, what was asked, agreed to and changed
stands close together.

Risk: a fact that decides the case may sit in a result that was cut.
"""

from meta_reward.harness import Trajectory, render_call
from meta_reward.offline.proposer.parts.helpers import agent_steps, clip

ANSWERS = ("long-prompts", "more-changes", "same-changes")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: words and actions in order, results cut short, changes marked."""
    steps = {step.call.id: step for step in agent_steps(trajectory)}
    lines = []
    for number, message in enumerate(trajectory.messages, 1):
        if message.role == "tool":
            step = steps.get(message.tool_call_id or "")
            lines.append(f"[{number}] result: {clip(message.content, 500 if step and step.changes else 150)}")
        elif message.content:
            lines.append(f"[{number}] {message.role}: {clip(message.content, 500)}")
        for call in message.tool_calls:
            step = steps.get(call.id)
            lines.append(f"[{number}] {'CHANGE' if step and step.changes else 'call'}: {render_call(call)}")
    return "\n".join(lines)
