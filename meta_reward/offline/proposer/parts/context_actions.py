"""The judge is given, for each tool that changed something, its description and the clauses closest to it.

Whether a change was allowed is then a comparison of neighbours; and where nothing was changed, the
clauses closest to the request show whether something should have been.

Risk: clauses on how to talk to the user are left out.
"""

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import agent_steps, clauses_of, words_of

ANSWERS = ("no-policy", "more-changes", "same-changes", "long-prompts")


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: the clauses closest to each change, or to the request."""
    clauses = clauses_of(trajectory.policy)
    about = {tool.name: tool.description for tool in trajectory.tools}
    changed = dict.fromkeys(step.call.name for step in agent_steps(trajectory) if step.changes)
    topics = {name: f"{name.replace('_', ' ')} {about.get(name, '')}" for name in changed}
    topics["the request"] = " ".join(message.content for message in trajectory.messages if message.role == "user")
    blocks = []
    for name, text in topics.items():
        words = words_of(text)
        closest = sorted(clauses, key=lambda clause: -len(words & words_of(clause)))[:8]
        note = f" ({about[name]})" if about.get(name) else ""
        blocks.append("\n".join([f"On {name}{note}:", *(clause for clause in clauses if clause in closest)]))
    return "\n\n".join(blocks)
