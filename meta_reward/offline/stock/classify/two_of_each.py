"""Two examples of every label are shown, whatever the text.

The first examples that come miss rare labels. Risk: with many labels the prompt grows long.
"""

import json
import re

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep the first two examples of each label, a line each."""
    if sum(kept["label"] == example.label for kept in load(memory)) == 2:
        return memory
    line = json.dumps({"label": example.label, "text": " ".join(example.text.split())}, ensure_ascii=False)
    return f"{memory}{line}\n"


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses."""
    examples = load(memory)
    labels = list(dict.fromkeys(example["label"] for example in examples))
    return read_label(await model.ask(prompt_for(text, labels, examples)), labels)


def load(memory: str) -> list[dict[str, str]]:
    """The examples that were kept."""
    return [json.loads(line) for line in memory.split("\n") if line]


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
