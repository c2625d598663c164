"""The judge is given the clauses of the policy that share the most words with this run.

The clause that decides the case stands among ten others instead of among a hundred.

Risk: a clause in words of its own is missed.
"""

import math

from meta_reward.harness import Trajectory
from meta_reward.offline.proposer.parts.helpers import clauses_of, words_of

ANSWERS = ("no-policy", "long-prompts", "more-changes", "restraint")


def context(trajectory: Trajectory) -> str:
    """Which policy the judge is told of: the dozen clauses closest to what was asked and done."""
    clauses = clauses_of(trajectory.policy)
    run = words_of(
        " ".join(
            [message.content for message in trajectory.messages if message.role in ("user", "assistant")]
            + [call.name.replace("_", " ") for call, _ in trajectory.calls()]
        )
    )
    words = [words_of(clause) for clause in clauses]
    rarity = {word: math.log(1 + len(clauses) / sum(word in other for other in words)) for own in words for word in own}
    weight = [sum(rarity[word] for word in own & run) / math.sqrt(1 + len(own)) for own in words]
    closest = sorted(range(len(clauses)), key=lambda i: (-weight[i], i))[:12]
    return "\n".join(clauses[i] for i in sorted(closest))
