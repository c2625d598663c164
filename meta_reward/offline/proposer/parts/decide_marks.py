"""The judge gives each criterion a mark of its own, in JSON, after a reason.

One overall number is dominated by the tone of a run; separate marks make the judge look for each fault,
and add up to finer scores.

Risk: easy criteria drown the one that decides, unless the score weighs them.
"""

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import read_marks

ANSWERS = ("ties", "lenient", "round-scores")
ASKS = 1


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: once, for a mark for each criterion. Returns the marks of each verdict by name."""
    names = list(criteria)
    mark = {"type": "number", "minimum": 0, "maximum": 100}
    schema = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, **dict.fromkeys(names, mark)},
        "required": ["reason", *names],
        "additionalProperties": False,
    }
    question = (
        f"{case}\n\nGive a reason, then a mark from 0 (fails) to 100 (fully meets it) for each of {', '.join(names)}."
    )
    try:
        return [read_marks(await judge.ask(question, schema=schema), names)]
    except ValueError:
        return [read_marks(await judge.ask(f"{question} Answer with one JSON object.", schema=schema), names)]
