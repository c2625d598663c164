"""The judge argues and decides four times over, independently.

One verdict is a sample; the mean of four has half its noise, and ties between runs fall apart.

Risk: four times the price.
"""

import asyncio

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import ask_score

ANSWERS = ("noise", "ties")
ASKS = 4


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: four times, for reasons and a number. Returns the marks of each verdict by name."""
    question = (
        f"Weigh {', '.join(criteria)} in a few sentences, what speaks against the agent first. Then end with a line "
        "`Score: <number from 0 to 100>`."
    )
    scores = await asyncio.gather(*(ask_score(judge, f"{case}\n\n{question}") for _ in range(4)))
    return [{"overall": score} for score in scores]
