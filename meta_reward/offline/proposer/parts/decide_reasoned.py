"""The judge argues before it names a number.

A number given first is an impression, and the reasons after it defend it; reasons given first can still
change the number.

Risk: long arguments cost tokens.
"""

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import ask_score

ANSWERS = ("no-reasons", "lenient", "unbacked-claims")
ASKS = 1


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: once, for reasons and then a number. Returns the marks of each verdict by name."""
    question = (
        f"Go through {', '.join(criteria)}: for each, say what speaks against the agent and what for it, and quote the "
        "numbers of the messages you rely on. Only then decide, and end with a line `Score: <number from 0 to 100>`."
    )
    return [{"overall": await ask_score(judge, f"{case}\n\n{question}")}]
