"""What a meta model said, as data. A reply that cannot be read raises Nonsense; it is never guessed at."""

import json
import re

from meta_reward.propose.meta.rubric import MAX_CRITERIA, tidy

_OVERLOOKED = re.compile(r"^[\s*_#>`-]*overlooked[\s*_`]*:[\s*_`]*(?P<what>.+)$", re.IGNORECASE | re.MULTILINE)
_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_NOTHING = re.compile(r"nothing\b|none\b", re.IGNORECASE)
_MAX_CHARS = 1000


class Nonsense(Exception):
    """A reply does not say what was asked for."""


def parse_overlooked(reply: str) -> str:
    """What the rubric overlooked, by the last line that begins with `Overlooked:`; "" for nothing. Raises Nonsense."""
    found = [match["what"].strip() for match in _OVERLOOKED.finditer(reply)]
    if not found:
        raise Nonsense("the reply has no line `Overlooked: ...`")
    return "" if _NOTHING.match(found[-1]) else found[-1][:_MAX_CHARS]


def parse_criteria(reply: str) -> dict[str, str]:
    """The criteria in the last JSON object of a reply: texts by name, maybe none at all. Raises Nonsense."""
    blocks = [*_FENCED.findall(reply)[::-1], reply[reply.find("{") : reply.rfind("}") + 1]]
    for block in blocks:
        try:
            found = json.loads(block)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and all(isinstance(text, str) for text in found.values()):
            return dict(list(tidy(found).items())[:MAX_CRITERIA])
    raise Nonsense("the reply holds no JSON object of criteria, texts by name")
