"""`proposal.md`: what a candidate says about itself. Agents write it, so it is read tolerantly.

    ---
    parents: [c0003]
    part: checks
    ---
    ## Hypothesis
    One paragraph.

Nothing in it is required, and nothing in it is an error; fields that cannot be read are left empty.
"""

import re
from dataclasses import dataclass

_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"^(\w+)[ \t]*:[ \t]*(.*)$")
_ID = re.compile(r"\bc\d{4,}\b")
_HYPOTHESIS = re.compile(
    r"^#+[ \t]*hypothesis\b[^\n]*\n+(.+?)(?=\n\s*\n|\n#|\Z)", re.DOTALL | re.IGNORECASE | re.MULTILINE
)
_MAX_HYPOTHESIS_CHARS = 600


@dataclass(frozen=True, slots=True)
class Proposal:
    """The front matter and the hypothesis, on one line."""

    parents: tuple[str, ...] = ()
    part: str = ""
    hypothesis: str = ""


def parse_proposal(text: str) -> Proposal:
    """The proposal in a Markdown text. Parents may be a list in brackets, below each other, or a single id."""
    front = _FRONT.match(text)
    keys = _front_matter(front[1]) if front else {}
    body = text[front.end() :] if front else text
    return Proposal(
        parents=tuple(dict.fromkeys(_ID.findall(keys.get("parents", keys.get("parent", ""))))),
        part=" ".join(keys.get("part", "").strip("\"'[] ").split())[:100],
        hypothesis=_hypothesis(body),
    )


def _front_matter(text: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        found = _KEY.match(line)
        if found:
            current = found[1].lower()
            keys[current] = found[2]
        elif current:
            keys[current] += "\n" + line
    return keys


def _hypothesis(body: str) -> str:
    found = _HYPOTHESIS.search(body)
    paragraphs = [p for p in re.split(r"\n\s*\n", body.strip()) if p and not p.startswith("#")]
    text = found[1] if found else paragraphs[0] if paragraphs else ""
    return " ".join(text.split())[:_MAX_HYPOTHESIS_CHARS]
