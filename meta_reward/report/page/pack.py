"""Packs the parts of a report into one file: each text is a list of lines, and each line is stored once.

A policy occurs in hundreds of prompts, and most programs differ in a few lines, so this keeps a report small. The
script of the page puts a part together when it is opened. Embedded text cannot end the element that it is in.
"""

from dataclasses import dataclass, field

import orjson

Runs = list[int]
"""The lines of a text as runs in the table of lines: first number, count, first number, count, and so on."""


@dataclass(slots=True)
class Pack:
    """Texts by name."""

    lines: list[str] = field(default_factory=list)
    texts: dict[str, Runs] = field(default_factory=dict)
    size: int = 0
    """Its approximate size in bytes."""
    _known: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        """Keep a text."""
        runs: Runs = []
        for line in text.split("\n"):
            number = self._number(line)
            if runs and runs[-2] + runs[-1] == number:
                runs[-1] += 1
            else:
                runs += [number, 1]
        self.texts[name] = runs
        self.size += len(name) + 6 * len(runs)

    def would_take(self, text: str) -> int:
        """The approximate number of bytes that a text would add."""
        lines = text.split("\n")
        return sum(map(_bytes, {line for line in lines if line not in self._known})) + 6 * len(lines)

    def _number(self, line: str) -> int:
        if line not in self._known:
            self._known[line] = len(self.lines)
            self.lines.append(line)
            self.size += _bytes(line)
        return self._known[line]

    def text(self, name: str) -> str:
        """A text as it was added."""
        runs = self.texts[name]
        return "\n".join(
            line for at in range(0, len(runs), 2) for line in self.lines[runs[at] : runs[at] + runs[at + 1]]
        )


def _bytes(line: str) -> int:
    return len(line.encode()) + 5 * line.count("<") + line.count('"') + 3


def embedded(value: object) -> str:
    """JSON that is safe in a script element: nothing in it ends that element or begins a comment."""
    return (
        orjson.dumps(value).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )
