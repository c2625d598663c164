"""The model writes one line on every example, and all lines are kept as notes.

A line says what matters in an example in a tenth of its length. Risk: the notes grow, and are read less.
"""

import json
import re

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """One more line: the label, and what the model says of the example."""
    reply = await model.ask(
        f"## Example\n\nText: {' '.join(example.text.split())}\nLabel: {example.label}\n\n"
        "Write one line for the notes: the label, a colon, and what tells such texts from others."
    )
    said = " ".join(reply.text.split()).removeprefix(example.label).strip(" :")[:200]
    return memory + json.dumps({"label": example.label, "note": said}, ensure_ascii=False) + "\n"


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses by the notes."""
    lines = [json.loads(line) for line in memory.split("\n") if line]
    labels = list(dict.fromkeys(line["label"] for line in lines))
    notes = "\n".join(f"- {line['label']}: {line['note']}" for line in lines)
    return read_label(await model.ask(prompt_for(text, labels, notes)), labels)


def prompt_for(text: str, labels: list[str], notes: str) -> str:
    """The question: the labels, the notes, then the text."""
    names = "\n".join(f"- {label}" for label in labels)
    return f"""Which label fits the text?

## Labels

{names}

## Notes

{notes}

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
