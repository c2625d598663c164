"""The judge is given the sections of the policy closest to what was asked and done, with their headings.

A clause says little without the ones around it: its heading tells what it is about, and the next line its
exception. The other sections only make the prompt long.

Risk: a rule that stands in a general section far from the subject is missed.
"""

import math

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import agent_steps, sections_of, words_of

ANSWERS = ("no-policy", "long-prompts", "restraint", "more-changes")


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: the few sections closest to the request and the changes."""
    sections = sections_of(trajectory.policy)
    asked = [message.content for message in trajectory.messages if message.role == "user"][:2]
    changed = [step.call.name.replace("_", " ") for step in agent_steps(trajectory) if step.changes]
    said = [message.content for message in trajectory.messages if message.role == "assistant"]
    words = [words_of(f"{heading}\n{text}") for heading, text in sections]
    rarity = {
        word: math.log(1 + len(sections) / sum(word in other for other in words)) for own in words for word in own
    }
    weight = [0.0] * len(sections)
    for text, share in ((" ".join(asked + changed), 1.0), (" ".join(said), 0.5)):
        for i, (heading, _) in enumerate(sections):
            named = words_of(text) & words_of(heading)
            weight[i] += share * sum(rarity[word] * (3 if word in named else 1) for word in words_of(text) & words[i])
    closest = sorted(range(len(sections)), key=lambda i: (-weight[i] / math.sqrt(5 + len(words[i])), i))[:3]
    return "\n\n".join(f"{sections[i][0]}\n\n{sections[i][1]}".strip() for i in sorted(closest))
