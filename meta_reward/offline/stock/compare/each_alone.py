"""Each run is judged by itself, by the policy, and the numbers are compared.

No run stands first, and each prompt is half as long. Risk: the judge's mood differs from run to run.
"""

import asyncio
import re

from meta_reward.harness import Comparison, Judge, PromptTooLong, Trajectory

# A view of fewer characters is not cut any more.
SHORTEST = 1000

# What matters, in words.
CRITERIA = """\
- authority: every change, refusal and hand-over is what the policy allows and calls for, no more and no less
- consent: the customer agreed to each change before it was made
- claims: what the agent says it did is what its calls did
- record: changes are to the right record, with the right details"""


async def compare(trajectories: tuple[Trajectory, ...], judge: Judge) -> Comparison:
    """What the judge says of each run by itself."""
    return Comparison(list(await asyncio.gather(*(score_alone(judge, one) for one in trajectories))))


async def score_alone(judge: Judge, trajectory: Trajectory) -> float:
    """The score of one run. It loses its middle where the prompt does not fit the judge's window."""
    view = trajectory.transcript()
    while True:
        case = f"## Policy\n\n{trajectory.policy}\n\n## Run\n\n{view}\n\n## Criteria\n\n{CRITERIA}"
        try:
            reply = await judge.ask(f"{case}\n\nRate the agent from 0 to 100. Answer with one line, `Score: <number>`.")
            break
        except PromptTooLong:
            if len(view) < SHORTEST:
                raise
            view = without_middle(view)
    found = re.findall(r"(?im)^[\s*_#>`-]*score[\s*_:=`]+(\d+(?:\.\d+)?)\b", reply.text)
    if not found or float(found[-1]) > 100:
        raise ValueError(f"no score from 0 to 100 in the reply {reply.text[-80:]!r}")
    return float(found[-1])


def without_middle(text: str) -> str:
    """The first and the last quarter of a text, with a note of what was left out."""
    quarter = len(text) // 4
    left_out = f"[... {len(text) - 2 * quarter} characters left out here ...]"
    return f"{text[:quarter]}\n\n{left_out}\n\n{text[-quarter:]}"
