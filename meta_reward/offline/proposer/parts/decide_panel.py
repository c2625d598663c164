"""The judge gives each criterion a mark of its own, and does so three times over.

Separate marks make it look for each fault, and three panels take the chance out of them.

Risk: three times the price.
"""

import asyncio

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import read_marks

ANSWERS = ("noise", "ties", "lenient", "round-scores")
ASKS = 3


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: three times for a mark for each criterion. Returns the marks of each verdict by name."""
    names = list(criteria)
    mark = {"type": "number", "minimum": 0, "maximum": 100}
    schema = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, **dict.fromkeys(names, mark)},
        "required": ["reason", *names],
        "additionalProperties": False,
    }
    question = (
        f"{case}\n\nThink about what speaks against the agent first and give the reason; then a mark from 0 (fails) to "
        f"100 (fully meets it) for each of {', '.join(names)}. Use the whole scale."
    )
    replies = await asyncio.gather(*(judge.ask(question, schema=schema) for _ in range(3)))
    return [read_marks(reply, names) for reply in replies]
