"""Running notes: after each mistake the model adds a line on the label it missed, and no line is written anew.

In the manner of agentic context engineering (Zhang et al., 2025: generate, reflect, and curate by small additions),
and our own: no code or prompt of that work is used.
"""

import json
import re

from meta_reward.harness import Example, Model, ModelError, Reply

LINES_PER_LABEL = 3
LONGEST_LINE = 160


async def learn(memory: str, example: Example, model: Model) -> str:
    """Try the example with the notes so far; where that goes wrong, add a line on its label."""
    notes = load(memory)
    lines = notes.setdefault(example.label, [])
    guess = await guessed(notes, example.text, model)
    if guess != example.label or not lines:
        line = await added(notes, example, guess, model)
        if line and line not in lines:
            notes[example.label] = [*lines, line][-LINES_PER_LABEL:]
    return json.dumps(notes, ensure_ascii=False, indent=1)


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses by the notes."""
    notes = load(memory)
    return read_label(await model.ask(prompt_for(text, notes)), list(notes))


async def guessed(notes: dict[str, list[str]], text: str, model: Model) -> str:
    """What the notes lead to; "" where they lead to nothing yet."""
    try:
        return read_label(await model.ask(prompt_for(text, notes)), list(notes))
    except (ModelError, ValueError):
        return ""


async def added(notes: dict[str, list[str]], example: Example, guess: str, model: Model) -> str:
    """The line that the model adds; "" where it has none, so that learning goes on."""
    try:
        return read_line(await model.ask(reflection_on(example, guess, notes)), example.label)
    except ModelError:
        return ""


def load(memory: str) -> dict[str, list[str]]:
    """The notes: lines by label."""
    return json.loads(memory) if memory else {}


def reflection_on(example: Example, guess: str, notes: dict[str, list[str]]) -> str:
    """The request for one more line."""
    return f"""## Notes

{render(notes)}

## Example

Text: {" ".join(example.text.split())}
Label: {example.label}

By the notes this text would get the label {guess or "(none)"!r}. Write one line to add to the notes: the label, a
colon, and what in such texts tells it from the other labels."""


def prompt_for(text: str, notes: dict[str, list[str]]) -> str:
    """The question: the notes, then the text."""
    names = "\n".join(f"- {label}" for label in notes)
    return f"""Which label fits the text?

## Labels

{names}

## Notes

{render(notes)}

## Text

{text}

Answer with one line, `Label: <label>`."""


def render(notes: dict[str, list[str]]) -> str:
    """The notes as lines."""
    return "\n".join(f"- {label}: {'; '.join(lines)}" for label, lines in notes.items() if lines)


def read_line(reply: Reply, label: str) -> str:
    """The line that a reply adds, without the label; "" where there is none."""
    lines = [line.strip(" \t*-`") for line in reply.text.splitlines() if line.strip()]
    line = next((line for line in lines if line.casefold().startswith(label.casefold())), (lines or [""])[-1])
    return line[len(label) :].lstrip(" :*")[:LONGEST_LINE] if line.casefold().startswith(label.casefold()) else ""


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
