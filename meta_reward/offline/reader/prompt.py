"""What a prompt holds, in whatever layout: examples, notes on labels, names of labels, and the text to classify.

    Text: ... / Label: ...    text -> label    {"text": ..., "label": ...}    <text>...</text>    label: - text - text
    Labels: a, b, c           - a - b - c      label: hints on it

The text to classify is the last one without a label. Nothing is dropped here; each piece keeps its place in the
prompt, so that a reader can lose some of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from meta_reward.completion import Request
from meta_reward.offline.reader.lines import (
    EXAMPLES,
    LABEL,
    LABELS,
    NOTES,
    TEXT,
    Line,
    is_placeholder,
    read_line,
    role_of,
    unquoted,
)

_TAG = re.compile(r"</?([A-Za-z]+)>")
_TELLS = re.compile(
    r"(?:answer|reply|respond|classify|choose|pick|return|output|write|think|which|only|use|do not|don't|say|name|"
    r"decide|explain|end|first|update|rewrite|revise|the label|the answer|请)\b",
    re.IGNORECASE,
)
_TELLS_HOW = re.compile(r"(?:answer|reply|respond|return|output) (?:with|in|only|by|as|the)\b", re.IGNORECASE)
_NOTE = re.compile(r"^(.{1,80}?)(?::\s|：|\s[-–—=]+>?\s|\s*->\s*)(.+)$")
_RIGHT = frozenset("correct right true gold actual real".split())
_LONGEST_LABEL = 160


@dataclass(frozen=True, slots=True)
class Piece:
    """An example, a note or the name of a label."""

    label: str
    text: str
    """The example's text, the note's words; "" for a name."""
    at: int
    """How many characters stand before it."""


@dataclass(slots=True)
class Prompt:
    """A prompt as it is understood."""

    size: int
    """In characters."""
    examples: list[Piece] = field(default_factory=list)
    notes: list[Piece] = field(default_factory=list)
    names: list[Piece] = field(default_factory=list)
    query: str = ""
    asked: bool = False
    """Whether a place for the label of the text is left open, or the text stands without one."""
    instructions: str = ""
    """Everything else."""


def read_prompt(request: Request) -> Prompt:
    """The prompt of a request: its system text and all its messages."""
    text = "\n\n".join(filter(None, (request.system, *(message.content for message in request.messages))))
    if "</" in text:
        text = _TAG.sub(_without_tag, text)
    reader = _Reader(len(text))
    at = 0
    for line in text.split("\n"):
        reader.read(line, at)
        at += len(line) + 1
    return reader.finish(request.schema)


def _without_tag(tag: re.Match[str]) -> str:
    if tag[0].startswith("</"):
        return "\n\n"
    return f"\n{tag[1]}: " if role_of(tag[1]) in (TEXT, LABEL) else f"\n# {tag[1]}\n"


class _Reader:
    """Reads line after line; what is open waits for its label."""

    def __init__(self, size: int) -> None:
        self.prompt = Prompt(size)
        self._section = ""
        self._open: list[str] | None = None
        self._at = 0
        self._gap = False
        self._label = ""  # one that stands before its text
        self._group = ""  # a label whose texts follow as bullets
        self._waiting: list[tuple[str, bool]] = []  # texts without a label, and whether a place for it is left open
        self._maybe: list[Piece] = []  # notes, if their key is a label
        self._grouped: list[Piece] = []  # examples, if their group is a label
        self._told: list[str] = []

    def read(self, text: str, at: int) -> None:
        """One line."""
        if not text.strip():
            self._gap = True
            if self._section == LABELS and self.prompt.names:
                self._section = ""
            return
        line = read_line(text)
        if line.data is not None:
            self._objects(line.data, at)
        elif line.heading:
            self._start(line, at)
        elif not self._in_section(line, at):
            self._loose(line, text, at)
        self._gap = False

    def _start(self, line: Line, at: int) -> None:
        """A heading, which closes what is open."""
        if line.heading == LABEL:
            self._slot()
            return
        self._close()
        self._told.append(line.content)
        self._section, self._group = line.heading, ""
        if line.heading == TEXT:
            self._section, self._open, self._at = "", [], at
        elif line.heading == "other" or line.heading == EXAMPLES:
            self._group = line.name

    def _in_section(self, line: Line, at: int) -> bool:
        """Whether a line is one of a list of labels, or of notes."""
        if line.key in (TEXT, LABEL) and not line.is_bullet and (line.is_bare or self._gap):
            self._section = self._section if self._section == EXAMPLES else ""
            return False
        if self._section == NOTES:
            self._note(line, at)
            return True
        if self._section == LABELS and (line.is_bullet or len(line.content) <= _LONGEST_LABEL):
            found = _NOTE.match(line.content)
            label = unquoted(found[1] if found else line.content).rstrip(".")
            self.prompt.names.append(Piece(label, "", at))
            if found:
                self.prompt.notes.append(Piece(label, found[2], at))
            return True
        return False

    def _note(self, line: Line, at: int) -> None:
        found = _NOTE.match(line.content)
        if found and len(found[1]) <= _LONGEST_LABEL:
            self.prompt.notes.append(Piece(unquoted(found[1]), found[2], at))
        else:
            self._told.append(line.content)

    def _loose(self, line: Line, text: str, at: int) -> None:
        """A line outside of lists and notes."""
        if line.arrow and (self._open is None or self._gap):
            self._close()
            self._pair(*line.arrow, at)
        elif line.key == TEXT:
            if self._open is not None and self._gap:
                self._close()
            if self._open is None:
                self._open, self._at = [], at
            self._open.append(line.value)
        elif line.key == LABEL:
            self._labelled(line, at)
        elif line.items:
            self._close()
            self._told.append(line.content)
            self.prompt.names += [Piece(label, "", at) for label in line.items]
        elif self._open is not None and not (any(self._open) and _ends_text(line.content, self._gap)):
            self._open.append(text.strip())
        else:
            self._close()
            self._other(line, at)

    def _other(self, line: Line, at: int) -> None:
        if line.is_bullet and self._group:
            self._grouped.append(Piece(self._group, line.content, at))
        elif line.name and not line.value:
            self._group = line.name
        elif line.name and len(line.value) > 1:
            self._maybe.append(Piece(unquoted(line.name), line.value, at))
            self._told.append(line.content)
        else:
            self._told.append(line.content)

    def _labelled(self, line: Line, at: int) -> None:
        value = unquoted(line.value)
        if not value or is_placeholder(line.value):
            self._slot() if not value else self._told.append(line.content)
        elif self._open is not None and self._label:
            self._close()
            self._label = value
        elif self._open is not None:
            self.prompt.examples.append(Piece(value, "\n".join(self._open), self._at))
            self._open = None
        elif self.prompt.examples and _RIGHT.intersection(line.name.lower().split()):
            last = self.prompt.examples[-1]
            self.prompt.examples[-1] = Piece(value, last.text, last.at)
        elif _TELLS_HOW.match(line.content) or len(value) > _LONGEST_LABEL:
            self._told.append(line.content)
        else:
            self._label = value

    def _slot(self) -> None:
        """A place left open for a label."""
        if self._open is not None:
            self._waiting.append(("\n".join(self._open), True))
            self._open = None
        elif self._waiting:
            self._waiting[-1] = (self._waiting[-1][0], True)
        self._section = ""

    def _pair(self, text: str, label: str, at: int) -> None:
        if label and not is_placeholder(label):
            self.prompt.examples.append(Piece(label, text, at))
        else:
            self._waiting.append((text, True))

    def _objects(self, objects: list[dict[str, Any]], at: int) -> None:
        for item in objects:
            by_role = {role_of(key): value for key, value in item.items() if isinstance(value, str)}
            if TEXT in by_role:
                self._close()
                self._pair(by_role[TEXT], by_role.get(LABEL, ""), at)
            elif LABEL in by_role:
                words = " ".join(str(value) for key, value in item.items() if role_of(key) != LABEL)
                self.prompt.notes.append(Piece(by_role[LABEL], words, at))

    def _close(self) -> None:
        """The open text ends without a label behind it."""
        if self._open is not None and any(self._open):
            text = "\n".join(filter(None, self._open))
            if self._label:
                self.prompt.examples.append(Piece(self._label, text, self._at))
            else:
                self._waiting.append((text, False))
        self._open, self._label = None, ""

    def finish(self, schema: dict[str, Any] | None) -> Prompt:
        """The prompt, once all lines are read."""
        self._close()
        prompt = self.prompt
        prompt.names += [Piece(label, "", prompt.size) for label in _enum(schema)]
        known = {piece.label for piece in (*prompt.examples, *prompt.names, *prompt.notes)}
        prompt.examples += [piece for piece in self._grouped if piece.label in known or self._section == EXAMPLES]
        prompt.notes += [piece for piece in self._maybe if piece.label in known]
        prompt.instructions = "\n".join(self._told)
        waiting = [item for item in self._waiting if item[1]] or self._waiting
        prompt.asked = bool(waiting)
        prompt.query = waiting[-1][0] if waiting else _last_told(self._told)
        return prompt


def _ends_text(content: str, gap: bool) -> bool:
    """Whether a line is no part of the text above it, but an instruction."""
    return bool(_TELLS.match(content) if gap else _TELLS_HOW.match(content))


def _enum(schema: Any) -> Iterator[str]:
    """The labels that a schema allows."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "enum" and isinstance(value, list):
                yield from (item for item in value if isinstance(item, str))
            else:
                yield from _enum(value)


def _last_told(told: list[str]) -> str:
    """The last thing said that is no instruction, where no text is marked as one."""
    return next((line for line in reversed(told) if not _TELLS.match(line)), told[-1] if told else "")
