"""Zero-shot: the model is told which labels there are and sees no example, which every other program has to beat."""

import json
import re

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep the names of the labels."""
    labels = json.loads(memory or "[]")
    return json.dumps(list(dict.fromkeys([*labels, example.label])), ensure_ascii=False, indent=0)


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses."""
    labels = json.loads(memory or "[]")
    return read_label(await model.ask(prompt_for(text, labels)), labels)


def prompt_for(text: str, labels: list[str]) -> str:
    """The question: the labels, then the text."""
    names = "\n".join(f"- {label}" for label in labels)
    return f"""Which label fits the text?

## Labels

{names}

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
