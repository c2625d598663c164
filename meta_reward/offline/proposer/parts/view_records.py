"""The judge reads what was said and done, and in full the records it was about; other lookups are cut short.

Whether something was allowed hangs on facts such as a status, a date or a class, which stand in one or
two records; lists and searches around them are what makes a transcript long.

Risk: a record that the agent should have read, and did not, is missing as it is in the transcript.
"""

from meta_reward.harness import Trajectory, render_call
from meta_reward.offline.proposer.parts.helpers import agent_steps, clip, ids_in

ANSWERS = ("long-prompts", "restraint", "same-changes", "cut-short")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: words and calls, results in full where they concern what the user named."""
    steps = {step.call.id: step for step in agent_steps(trajectory)}
    reach = ids_in(" ".join(message.content for message in trajectory.messages if message.role == "user"))
    lines = []
    for number, message in enumerate(trajectory.messages, 1):
        if message.role == "tool":
            step = steps.get(message.tool_call_id or "")
            concerns = step is not None and (step.changes or bool(reach & ids_in(str(step.call.arguments))))
            reach |= ids_in(message.content) if concerns else set()
            lines.append(f"[{number}] result: {clip(message.content, 1000 if concerns else 80)}")
        elif message.content:
            lines.append(f"[{number}] {message.role}: {clip(message.content, 400)}")
        for call in message.tool_calls:
            step = steps.get(call.id)
            lines.append(f"[{number}] {'CHANGE' if step and step.changes else 'call'}: {render_call(call)}")
    return "\n".join(lines)
