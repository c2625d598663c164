"""Code writes the notes: for every label the twelve words that tell its examples from all others.

Counting forgets nothing and costs no call. Risk: words that are rare by chance look telling.
"""

import json
import re
from collections import Counter, defaultdict

from meta_reward.harness import Example, Model, Reply


async def learn(memory: str, example: Example, model: Model) -> str:
    """Keep every example, a line each."""
    line = json.dumps({"label": example.label, "text": " ".join(example.text.split())}, ensure_ascii=False)
    return f"{memory}{line}\n"


async def predict(memory: str, text: str, model: Model) -> str:
    """The label that the model chooses by the words of each."""
    examples = load(memory)
    labels = list(dict.fromkeys(example["label"] for example in examples))
    return read_label(await model.ask(prompt_for(text, labels, profiles(examples))), labels)


def load(memory: str) -> list[dict[str, str]]:
    """The examples that were kept."""
    return [json.loads(line) for line in memory.split("\n") if line]


def profiles(examples: list[dict[str, str]]) -> str:
    """For each label the words that its examples have more often than the others."""
    spread = Counter(term for example in examples for term in terms_of(example["text"]))
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        by_label[example["label"]].update(terms_of(example["text"]))
    lines = []
    for label, counts in by_label.items():
        telling = sorted(counts, key=lambda term: (-counts[term] / spread[term], -counts[term], term))
        lines.append(f"- {label}: {', '.join(telling[:12])}")
    return "\n".join(lines)


def terms_of(text: str) -> set[str]:
    """The words of a text; in scripts without spaces, pairs of characters."""
    spaced = {word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 2}
    return spaced | set(re.findall(r"(?=([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}))", text))


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
