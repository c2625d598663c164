"""The judge sees the runs in both orders, and each score is the mean: what stands first gains nothing by it."""

import asyncio
import re

from meta_reward.harness import Comparison, Judge, PromptTooLong, Reply, Trajectory

LABELS = "ABCDEFGHIJ"
# A view of fewer characters is not cut any more.
SHORTEST = 1000
QUESTION = "Rate how well the agent handled the conversation, in each run from 0 (badly) to 100 (perfectly)."


async def compare(trajectories: tuple[Trajectory, ...], judge: Judge) -> Comparison:
    """The mean of what the judge says of the runs as they come, and the other way round."""
    views = [one.transcript() for one in trajectories]
    there, back = await asyncio.gather(ask_scores(judge, views, QUESTION), ask_scores(judge, views[::-1], QUESTION))
    return Comparison([(a + b) / 2 for a, b in zip(there, reversed(back), strict=True)], f"{there}, and back {back}")


async def ask_scores(judge: Judge, views: list[str], question: str, *, policy: str = "") -> list[float]:
    """A score for each run. The longest view loses its middle where the prompt does not fit the judge's window."""
    labels, views = LABELS[: len(views)], list(views)
    form = ", ".join(f"`Score {label}: <number>`" for label in labels)
    while True:
        runs = "".join(f"## Run {label}\n\n{view}\n\n" for label, view in zip(labels, views, strict=True))
        case = (f"## Policy\n\n{policy}\n\n" if policy else "") + runs
        try:
            reply = await judge.ask(f"{case}## Question\n\n{question} Answer with one line for each run, {form}.")
            return read_scores(reply, labels)
        except PromptTooLong:
            longest = max(range(len(views)), key=lambda at: len(views[at]))
            if len(views[longest]) < SHORTEST:
                raise
            views[longest] = without_middle(views[longest])


def read_scores(reply: Reply, labels: str) -> list[float]:
    """The last `Score A: N` of a reply for each label. Raises ValueError where one is missing or not from 0 to 100."""
    lines = re.findall(r"(?im)^[\s*_#>`-]*score\s+([A-J])[\s*_:=`]+(\d+(?:\.\d+)?)\b", reply.text)
    found = {label.upper(): float(score) for label, score in lines}
    if any(not 0 <= found.get(label, -1) <= 100 for label in labels):
        raise ValueError(f"not a score from 0 to 100 for each run in the reply {reply.text[-80:]!r}")
    return [found[label] for label in labels]


def without_middle(text: str) -> str:
    """The first and the last quarter of a text, with a note of what was left out."""
    quarter = len(text) // 4
    left_out = f"[... {len(text) - 2 * quarter} characters left out here ...]"
    return f"{text[:quarter]}\n\n{left_out}\n\n{text[-quarter:]}"
