"""Notes on labels: what the reader writes when it is asked to take an example up in them.

A line a label: `label: words`. Asked for one line it writes only that; asked for all notes it writes them anew, and
the longer they are, the more lines it loses on the way.
"""

import re
from random import Random

from meta_reward.offline.reader.prompt import Prompt
from meta_reward.offline.reader.settings import Strengths
from meta_reward.offline.reader.terms import surface

_NOTES = r"(?:notes?|playbook|memory|cheat ?sheet|hints?|lessons?|guide|insights?)"
_WRITES = re.compile(
    rf"\b(?:updat|rewrit|revis|writ|add|improv|extend|merg|refin|summari[sz])\w*\b[^.\n]{{0,80}}\b{_NOTES}\b",
    re.IGNORECASE,
)
_ONE_LINE = re.compile(
    r"\b(?:one|a single|only (?:the|one)(?: new)?|just (?:the|one)(?: new)?)\s+(?:line|note|hint|lesson)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"(\d[\d,]{1,6})\s+characters", re.IGNORECASE)
_WORDS_TAKEN, _WORDS_KEPT = 6, 14
_LONGEST_CHARS = 8_000
_LOST, _ALL_LOST_CHARS = 0.04, 4_000


def wants_notes(prompt: Prompt) -> bool:
    """Whether a prompt asks to take a labelled example up in notes, rather than to classify."""
    return bool(prompt.examples) and not prompt.asked and _WRITES.search(prompt.instructions) is not None


def written_notes(prompt: Prompt, strengths: Strengths, chance: Random) -> str:
    """The notes, with what the last example teaches."""
    example = prompt.examples[-1]
    lines = dict[str, tuple[str, ...]]()
    for note in prompt.notes:
        lines[note.label] = tuple(dict.fromkeys((*lines.get(note.label, ()), *surface(note.text))))
    taught = _distinctive(example.text, example.label, lines)
    if _ONE_LINE.search(prompt.instructions):
        return _line(example.label, taught)
    size = sum(len(label) + sum(map(len, words)) for label, words in lines.items())
    lost = strengths.collapse * _LOST * min(1.0, size / _ALL_LOST_CHARS)
    kept = {label: words for label, words in lines.items() if label == example.label or chance.random() >= lost}
    before = kept.pop(example.label, ())
    kept[example.label] = tuple(dict.fromkeys((*before, *taught)))[-_WORDS_KEPT:]
    return _within(kept, _limit(prompt.instructions))


def _distinctive(text: str, label: str, lines: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The words of a text that no other label's note has, the longest ones."""
    elsewhere = {word for other, words in lines.items() if other != label for word in words}
    words = [word for word in surface(text) if not word.isdigit()]
    fresh = [word for word in words if word not in elsewhere] or words
    chosen = set(sorted(fresh, key=lambda word: -len(word))[:_WORDS_TAKEN])
    return tuple(word for word in fresh if word in chosen)


def _within(lines: dict[str, tuple[str, ...]], limit: int) -> str:
    """The lines, without the oldest where they are too long."""
    written = [_line(label, words) for label, words in lines.items()]
    while len(written) > 1 and sum(map(len, written)) + len(written) > limit:
        written.pop(0)
    return "\n".join(written)


def _line(label: str, words: tuple[str, ...]) -> str:
    return f"{label}: {', '.join(words)}"


def _limit(instructions: str) -> int:
    found = _LIMIT.search(instructions)
    return min(_LONGEST_CHARS, int(found[1].replace(",", ""))) if found else _LONGEST_CHARS
