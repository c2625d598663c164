"""No examples; the model answers five times, and the answer that it gives most often counts.

Several tries even slips out. Risk: a method that it does not know stays unknown, five times over.
"""

import asyncio
import re
from collections import Counter

from meta_reward.harness import Corpus, Model, Reply

DRAWS = 5


async def solve(problem: str, model: Model, corpus: Corpus) -> str:
    """The most frequent of several answers."""
    replies = await asyncio.gather(*(model.ask(prompt_for(problem, [])) for _ in range(DRAWS)))
    answers = [found for reply in replies if (found := found_in(reply))]
    if not answers:
        raise ValueError("none of the replies has an answer")
    return Counter(answers).most_common(1)[0][0]


def found_in(reply: Reply) -> str:
    """The answer of a reply, "" where it has none."""
    try:
        return read_answer(reply)
    except ValueError:
        return ""


def prompt_for(problem: str, examples: list[str]) -> str:
    """The question: the examples, then the problem."""
    shown = "\n\n".join(examples)
    return f"""{shown}

Solve the following problem. Reason step by step, and end with one line, `Answer: <answer>`.

Problem: {problem}"""


def read_answer(reply: Reply) -> str:
    """The answer in the last such line of a reply, else in its last box. Raises ValueError where there is neither."""
    lines = re.findall(r"(?im)^[\s*_#>`-]*answer[\s*_`]*[:=](.+)$", reply.text)
    found = lines or re.findall(r"\\boxed\{(.*)\}", reply.text)
    if not found or not found[-1].strip():
        raise ValueError(f"no answer in the reply {reply.text[-80:]!r}")
    return str(found[-1]).strip()
