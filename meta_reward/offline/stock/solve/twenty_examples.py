"""Twenty examples are shown instead of three: among many there is more likely one that helps.

Risk: a long prompt is read in part only, and costs more.
"""

import re

from meta_reward.harness import Corpus, Model, PromptTooLong, Reply

EXAMPLES = 20


async def solve(problem: str, model: Model, corpus: Corpus) -> str:
    """What the model answers after many examples."""
    found = await corpus.search(problem[:10_000], k=EXAMPLES)
    return await answer(problem, [one.text for one in found], model)


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
