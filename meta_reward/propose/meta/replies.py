"""Parses the replies of a meta model. A reply that cannot be parsed raises Nonsense; nothing is guessed."""

import json
import re

from meta_reward.propose.meta.rubric import MAX_CRITERIA, tidy

_OVERLOOKED = re.compile(r"^[\s*_#>`-]*overlooked[\s*_`]*:[\s*_`]*(?P<what>.+)$", re.IGNORECASE | re.MULTILINE)
_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_NOTHING = re.compile(r"nothing\b|none\b", re.IGNORECASE)
_MAX_CHARS = 1000


class Nonsense(Exception):
    """A reply does not hold what was asked for."""


def parse_overlooked(reply: str) -> str:
    """What the last line `Overlooked: ...` says; "" if that is nothing. Raises Nonsense if there is no such line."""
    found = [match["what"].strip() for match in _OVERLOOKED.finditer(reply)]
    if not found:
        raise Nonsense("the reply has no line `Overlooked: ...`")
    return "" if _NOTHING.match(found[-1]) else found[-1][:_MAX_CHARS]


def parse_criteria(reply: str) -> dict[str, str]:
    """The criteria in the last JSON object of a reply: texts by name, possibly none. Raises Nonsense."""
    blocks = [*_FENCED.findall(reply)[::-1], reply[reply.find("{") : reply.rfind("}") + 1]]
    for block in blocks:
        try:
            found = json.loads(block)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and all(isinstance(text, str) for text in found.values()):
            return dict(list(tidy(found).items())[:MAX_CRITERIA])
    raise Nonsense("the reply holds no JSON object of criteria, texts by name")
