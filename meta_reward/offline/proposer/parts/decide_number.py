"""The judge names a number at once.

The cheapest question there is: one call, a few tokens out.

Risk: a first impression.
"""

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import ask_score

ANSWERS = ()
ASKS = 1


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: once, for one number. Returns the marks of each verdict by name."""
    question = f"Rate the agent's {' and '.join(criteria)} from 0 to 100. Answer with one line, `Score: <number>`."
    return [{"overall": await ask_score(judge, f"{case}\n\n{question}")}]
