"""Examples are taken from what most of the ten best have in common in their metadata.

Stray finds are left out. Risk: where most of the best mislead, so does what they have in common.
"""

import re
from collections import Counter

from meta_reward.harness import Corpus, Model, PromptTooLong, Reply

EXAMPLES = 3


async def solve(problem: str, model: Model, corpus: Corpus) -> str:
    """What the model answers after the best examples with the most frequent value of the first key."""
    found = await corpus.search(problem[:10_000], k=10)
    values = Counter((key, value) for one in found for key, value in list(one.metadata.items())[:1])
    if values:
        key, value = values.most_common(1)[0][0]
        found = await corpus.search(problem[:10_000], k=EXAMPLES, where={key: value})
    return await answer(problem, [one.text for one in found[:EXAMPLES]], model)


async def answer(problem: str, examples: list[str], model: Model) -> str:
    """What the model answers. Where the examples do not fit its window, the later half of them is left out."""
    while True:
        try:
            return read_answer(await model.ask(prompt_for(problem, examples)))
        except PromptTooLong:
            if not examples:
                raise
            examples = examples[: len(examples) // 2]


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
