"""Eight examples stand in every prompt: they show what texts and labels look like, and cost little."""

import json
import re

from meta_reward.harness import Example, Model, PromptTooLong, Reply

SHOTS = 8


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep the first examples, a line each; of the others only a label that is new."""
    labels, examples = load(memory)
    if len(examples) < SHOTS:
        return memory + line_of(example.label, " ".join(example.text.split()))
    return memory if example.label in labels else memory + line_of(example.label, "")


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses. Where the examples do not fit its window, half of them are left out."""
    labels, examples = load(memory)
    while True:
        try:
            return read_label(await model.ask(prompt_for(text, labels, examples)), labels)
        except PromptTooLong:
            if not examples:
                raise
            examples = examples[: len(examples) // 2]


def line_of(label: str, text: str) -> str:
    """A line of the memory."""
    return json.dumps({"label": label, "text": text}, ensure_ascii=False) + "\n"


def load(memory: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The labels that were kept, and the examples: texts with their labels."""
    lines = [json.loads(line) for line in memory.split("\n") if line]
    labels = list(dict.fromkeys(line["label"] for line in lines))
    return labels, [(line["text"], line["label"]) for line in lines if line["text"]]


def prompt_for(text: str, labels: list[str], examples: list[tuple[str, str]]) -> str:
    """The question: the labels, the examples, then the text."""
    names = "\n".join(f"- {label}" for label in labels)
    shown = "\n\n".join(f"Text: {one}\nLabel: {label}" for one, label in examples)
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
