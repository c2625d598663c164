"""The training examples most like the text stand in its prompt: rare words that both have count most, likest last."""

import json
import math
import re
from collections import Counter

from meta_reward.harness import Example, Model, PromptTooLong, Reply

SHOTS = 16
# Words; in scripts without spaces, pairs of characters.
TERM = re.compile(
    r"(?=([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}))|([^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)"
)
# Where a notation has no spaces either, such as a formula, runs of as many characters.
RUN, LONG_WORD = 3, 24


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep every example, a line each."""
    line = json.dumps({"text": " ".join(example.text.split()), "label": example.label}, ensure_ascii=False)
    return f"{memory}{line}\n"


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses. Where the examples do not fit its window, the least alike are left out."""
    examples = [json.loads(line) for line in memory.split("\n") if line]
    labels = list(dict.fromkeys(example["label"] for example in examples))
    shown = nearest(text, examples)
    while True:
        try:
            return read_label(await model.ask(prompt_for(text, labels, shown)), labels)
        except PromptTooLong:
            if not shown:
                raise
            shown = shown[len(shown) // 2 + 1 :]


def nearest(text: str, examples: list[dict[str, str]]) -> list[dict[str, str]]:
    """The examples most like a text by the weights of the terms they share, the likest last."""
    terms = [terms_of(example["text"]) for example in examples]
    spread = Counter(term for own in terms for term in own)
    weight = {term: math.log(1 + len(examples) / count) for term, count in spread.items()}
    asked = terms_of(text)

    def likeness(own: set[str]) -> float:
        shared, whole = (math.fsum(weight[term] for term in some) for some in (own & asked, own))
        return shared / math.sqrt(1 + whole)

    order = sorted(range(len(examples)), key=lambda number: likeness(terms[number]))
    return [examples[number] for number in order[-SHOTS:]]


def terms_of(text: str) -> set[str]:
    """The terms of a text."""
    found = set()
    for word in text.lower().split():
        if len(word) > LONG_WORD and word.isascii():
            found |= {word[at : at + RUN] for at in range(len(word) - RUN + 1)}
        else:
            found |= {pair or single for pair, single in TERM.findall(word)}
    return found


def prompt_for(text: str, labels: list[str], examples: list[dict[str, str]]) -> str:
    """The question: the labels, the examples, then the text."""
    names = "\n".join(f"- {label}" for label in labels)
    shown = "\n\n".join(f"Text: {example['text']}\nLabel: {example['label']}" for example in examples)
    return f"""Which label fits the text?

## Labels

{names}

## Examples

{shown}

## Text

{text}

Answer with one line, `Label: <label>`."""


def read_label(reply: Reply, labels: list[str]) -> str:
    """The label that a reply names, as it is written in training. Raises ValueError where it names none."""
    named = re.findall(r"(?im)^[\s*_#>`-]*label[\s*_`]*[:=](.+)$", reply.text)
    said = (named or reply.text.strip().splitlines() or [""])[-1].strip(" \t*_`\"'.")
    for label in labels:
        if label.casefold().strip(".") == said.casefold():
            return label
    inside = [label for label in labels if re.search(rf"(?i)(?<!\w){re.escape(label)}(?!\w)", reply.text)]
    if not inside and not said:
        raise ValueError(f"no label in the reply {reply.text[-80:]!r}")
    return max(inside, key=len) if inside else said
