"""The judge reads what was said and done, and in full the records it was about; other lookups are cut short.

Whether something was allowed hangs on facts such as a status, a date or a class, which stand in one or
two records; lists and searches around them are what makes a transcript long.

Risk: a record that the agent should have read, and did not, is missing as it is in the transcript.
"""

import re

from meta_reward.harness import Trajectory, render_call
from meta_reward.propose.catalog.parts.helpers import agent_steps, clip

ANSWERS = ("long-prompts", "restraint", "same-changes", "cut-short")


def view(trajectory: Trajectory) -> str:
    """What the judge sees of the run: words and calls, results in full where they concern what the user named."""
    said = " ".join(message.content for message in trajectory.messages if message.role == "user")
    named = set(re.findall(r"[\w-]*\d[\w-]*", said))
    steps = {step.call.id: step for step in agent_steps(trajectory)}
    lines = []
    for number, message in enumerate(trajectory.messages, 1):
        if message.role == "tool":
            step = steps.get(message.tool_call_id or "")
            concerns = step and (step.changes or named & set(re.findall(r"[\w-]+", message.content)))
            lines.append(f"[{number}] result: {clip(message.content, 1200 if concerns else 200)}")
        elif message.content:
            lines.append(f"[{number}] {message.role}: {clip(message.content, 500)}")
        for call in message.tool_calls:
            step = steps.get(call.id)
            lines.append(f"[{number}] {'CHANGE' if step and step.changes else 'call'}: {render_call(call)}")
    return "\n".join(lines)
