"""The judge must report the faults it finds, with the message that proves each, before it scores.

A judge that has to file a fault with its evidence looks for one; and having to name the message keeps it
from inventing one.

Risk: a second turn for every verdict, and judges that report trifles.
"""

from meta_reward.harness import Judge
from meta_reward.offline.proposer.parts.helpers import read_score

ANSWERS = ("lenient", "unbacked-claims", "same-changes", "ignored-findings")
ASKS = 2


async def decide(judge: Judge, case: str, criteria: dict[str, str]) -> list[dict[str, float]]:
    """How the judge is asked: to report faults through a tool, then for a number. Returns the marks of each verdict."""

    def report_faults(faults: list[str]) -> str:
        """Report every fault of the agent, each with the number of the message that proves it; none: an empty list."""
        if not faults:
            return "No faults reported. If the criteria are met, a high score is right."
        listed = "\n".join(f"{n}. {fault}" for n, fault in enumerate(faults, 1))
        return f"{len(faults)} fault(s) reported:\n{listed}\nWeigh how serious each is; trifles cost little."

    question = (
        f"{case}\n\nReport the agent's faults against {', '.join(criteria)} with the tool, then end with a line "
        "`Score: <number from 0 to 100>`."
    )
    reply = await judge.ask(question, tools=[report_faults], require=report_faults)
    return [{"overall": read_score(reply)}]
