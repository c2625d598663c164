"""No retrieval: the model solves the problem from what it knows, which every other program has to beat."""

import re

from meta_reward.harness import Corpus, Model, Reply


async def solve(problem: str, model: Model, corpus: Corpus) -> str:
    """What the model answers by itself."""
    return read_answer(await model.ask(prompt_for(problem)))


def prompt_for(problem: str) -> str:
    """The question: the problem alone."""
    return f"""Solve the following problem. Reason step by step, and end with one line, `Answer: <answer>`.

Problem: {problem}"""


def read_answer(reply: Reply) -> str:
    """The answer in the last such line of a reply, else in its last box. Raises ValueError where there is neither."""
    lines = re.findall(r"(?im)^[\s*_#>`-]*answer[\s*_`]*[:=](.+)$", reply.text)
    found = lines or re.findall(r"\\boxed\{(.*)\}", reply.text)
    if not found or not found[-1].strip():
        raise ValueError(f"no answer in the reply {reply.text[-80:]!r}")
    return str(found[-1]).strip()
