"""The model rewrites all its notes after every example, in at most 4,000 characters.

Notes that are kept short are read in full. Risk: what is written anew each time is lost bit by bit.
"""

import json
import re

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """The notes as the model rewrites them, and the names of the labels."""
    labels, notes = load(memory)
    reply = await model.ask(
        f"## Notes\n\n{notes}\n\n## Example\n\nText: {' '.join(example.text.split())}\nLabel: {example.label}\n\n"
        "Rewrite the notes so that they also cover this example: a line for each label, in at most 4,000 characters."
    )
    labels = list(dict.fromkeys([*labels, example.label]))
    return json.dumps({"labels": labels, "notes": reply.text}, ensure_ascii=False, indent=1)


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses by its notes."""
    labels, notes = load(memory)
    return read_label(await model.ask(prompt_for(text, labels, notes)), labels)


def load(memory: str) -> tuple[list[str], str]:
    """The names of the labels, and the notes."""
    kept = json.loads(memory or '{"labels": [], "notes": ""}')
    return kept["labels"], kept["notes"]


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
