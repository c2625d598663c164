"""The eight examples most like the text are shown, the likest last.

Most of what a long prompt shows says nothing about the text at hand. Risk: likeness by words misses paraphrases.
"""

import json
import math
import re
from collections import Counter

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep every example, a line each."""
    line = json.dumps({"label": example.label, "text": " ".join(example.text.split())}, ensure_ascii=False)
    return f"{memory}{line}\n"


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses."""
    examples = load(memory)
    labels = list(dict.fromkeys(example["label"] for example in examples))
    shown = ranked(text, examples)[:8][::-1]
    return read_label(await model.ask(prompt_for(text, labels, shown)), labels)


def load(memory: str) -> list[dict[str, str]]:
    """The examples that were kept."""
    return [json.loads(line) for line in memory.split("\n") if line]


def ranked(text: str, examples: list[dict[str, str]]) -> list[dict[str, str]]:
    """The examples by the rare terms that they share with a text, the likest first."""
    terms = [terms_of(example["text"]) for example in examples]
    spread = Counter(term for own in terms for term in own)
    asked = terms_of(text)

    def likeness(own: set[str]) -> float:
        return math.fsum(math.log(1 + len(terms) / spread[term]) for term in own & asked) / math.sqrt(1 + len(own))

    order = sorted(range(len(examples)), key=lambda number: -likeness(terms[number]))
    return [examples[number] for number in order]


def terms_of(text: str) -> set[str]:
    """The words of a text; in scripts without spaces, pairs of characters."""
    spaced = {word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 2}
    return spaced | set(re.findall(r"(?=([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}))", text))


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
