"""Each of the last three sentences is searched for by itself, and the best find of each is shown, the last one last.

Examples differ from one another, and one sentence may say what the others hide. Risk: two of three are about the story.
"""

import asyncio
import re

from meta_reward.harness import Corpus, Model, PromptTooLong, Reply


async def solve(problem: str, model: Model, corpus: Corpus) -> str:
    """What the model answers after one example for each of the last sentences."""
    sentences = [part for part in re.split(r"(?<=[.?!])\s+", problem.strip()) if part][-3:]
    found = await asyncio.gather(*(corpus.search(sentence[:10_000], k=1) for sentence in sentences))
    texts = dict.fromkeys(one.text for hits in found for one in hits)
    return await answer(problem, list(texts), model)


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
