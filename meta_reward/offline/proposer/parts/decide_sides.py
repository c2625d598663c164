"""The judge hears the case against the agent and the case for it, each argued separately, then decides.

A judge that argues both sides in one breath argues the one it likes; asked one-sidedly for faults, it finds
those it would have passed over.

Risk: three calls for one verdict.
"""

import asyncio

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import ask_score

ANSWERS = ("lenient", "more-changes", "restraint")
ASKS = 3


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: for both sides, then for a number. Returns the marks of each verdict by name."""
    names = ", ".join(criteria)
    against, favour = await asyncio.gather(
        judge.ask(f"{case}\n\nMake the strongest honest case against the agent on {names}, quoting message numbers."),
        judge.ask(f"{case}\n\nMake the strongest honest case for the agent on {names}, quoting message numbers."),
    )
    question = (
        f"{case}\n\n## Against the agent\n\n{against.text}\n\n## For the agent\n\n{favour.text}\n\nDecide which side "
        "the run bears out, point by point, then end with a line `Score: <number from 0 to 100>`."
    )
    return [{"overall": await ask_score(judge, question)}]
