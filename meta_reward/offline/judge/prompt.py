"""Reading a request as an LLM would: which parts are conversation, policy, findings, instructions.

Works on the text alone, line by line, from headings, tags, speaker marks and the way lines speak.
Nothing is dropped here; each part keeps its place, so that a reader can lose some of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from meta_reward.completion import Request
from meta_reward.offline.judge.sections import (
    CONVERSATION,
    FINDINGS,
    INSTRUCTIONS,
    LABEL,
    LEAD,
    POLICY,
    WEAK,
    heading_of,
    is_finding,
    is_request,
    is_rule,
    section_of,
)
from meta_reward.offline.judge.transcript import TOOL, Turn, is_closing_tag, joined, printed_turns, speaker_turns

_DIVIDER = re.compile(r"^\s*(?:[-=*_~]{3,}|`{3}\w*|\"{3})\s*$")
_JSON_PAIR = re.compile(r"[\"']([\w .\-]{2,60})[\"']\s*:\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\[[^\]]*\]|[\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of policy or of findings: its text, where it stands, and the heading it stands under."""

    text: str
    at: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request holds. size: characters of all of it."""

    turns: tuple[Turn, ...]
    policy: tuple[Line, ...]
    findings: tuple[Line, ...]
    instructions: tuple[str, ...]
    size: int


def read_request(request: Request) -> Prompt:
    """The parts of a request. Results of tools the judge called count as findings, or as policy where named so."""
    parts = [(INSTRUCTIONS, request.system)] if request.system else []
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    for message in request.messages:
        if message.role == "tool":
            name = names.get(message.tool_call_id or "", "")
            parts.append((POLICY if section_of(name) == POLICY else FINDINGS, message.content))
        elif message.role != "assistant":
            parts.append((INSTRUCTIONS, message.content))
    return _read(tuple(parts))


@lru_cache(maxsize=32)
def _read(parts: tuple[tuple[str, str], ...]) -> Prompt:
    """The parts of these texts, each with what its first line is taken for; the same are often asked about again."""
    reader = _Reader()
    for mode, text in parts:
        reader.read(text, mode)
    return Prompt(
        tuple(turn for turn in reader.turns if turn.text.strip() or turn.name or turn.role == TOOL),
        tuple(reader.policy),
        tuple(reader.findings),
        tuple(reader.instructions),
        reader.at,
    )


class _Reader:
    """The state of reading line by line: which section runs, and what each section has gathered."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.policy: list[Line] = []
        self.findings: list[Line] = []
        self.instructions: list[str] = []
        self.at = 0
        self._mode, self._style, self._heading, self._open = INSTRUCTIONS, "", "", False
        self._last_turn = 0

    def read(self, text: str, mode: str) -> None:
        """Read one message; `mode` is what its first line is taken for."""
        self._mode, self._style, self._heading, self._open = mode, "", "", False
        printed = printed_turns(text, self.at)
        if printed:
            turns, start, end = printed
            self._lines(text[:start])
            self.turns += turns
            self.at += end - start
            self._mode, self._open = INSTRUCTIONS, False
            text = text[end:]
        self._lines(text)

    def _lines(self, text: str) -> None:
        blank = True
        lines = text.split("\n")
        self._last_turn = self.at + _last_turn(lines)
        for line in lines:
            if line.strip():
                self._line(line, blank)
            elif self._open and self.turns:
                self.turns[-1] = joined(self.turns[-1], "")
            blank = not line.strip()
            self.at += len(line) + 1

    def _line(self, line: str, after_blank: bool) -> None:
        if is_closing_tag(line) or (_DIVIDER.match(line) and not self._open):
            self._mode, self._open = INSTRUCTIONS, False
            return
        turns = speaker_turns(line, self.at, inside=self._mode == CONVERSATION)
        if turns is None and not self._open and LEAD.match(line):
            self._content(line, after_blank)
        elif turns is not None:
            self.turns += turns
            self._mode, self._open = CONVERSATION, True
        elif not self._opens_section(line):
            self._content(line, after_blank)

    def _opens_section(self, line: str) -> bool:
        heading = heading_of(line)
        if heading is None:
            return False
        style, text, rest = heading
        section = section_of(text)
        if section is None and self._mode == CONVERSATION and self.at > self._last_turn and style not in WEAK:
            section = INSTRUCTIONS
        if section is None or (self._open and style in WEAK and (rest or section != INSTRUCTIONS)):
            if self._mode == POLICY and style != "plain":
                self._heading = text
            return False
        if self._mode == POLICY and section == FINDINGS and style != self._style:
            return False
        if rest and section in (FINDINGS, INSTRUCTIONS) and style != "tag":
            if self._open:
                self._mode, self._open = INSTRUCTIONS, False
            return False
        self._mode, self._style, self._heading, self._open = section, style, text if section == POLICY else "", False
        if section == INSTRUCTIONS:
            self.instructions.append(text)
        if rest.strip():
            self._line(rest, True)
        return True

    def _content(self, line: str, after_blank: bool) -> None:
        if self._mode != INSTRUCTIONS and after_blank and (is_request(line) or (self._open and LABEL.search(line))):
            self._mode, self._open = INSTRUCTIONS, False
        if self._open:
            self.turns[-1] = joined(self.turns[-1], line)
        elif self._mode == POLICY:
            self.policy.append(Line(line.strip(), self.at, self._heading))
        elif self._mode == FINDINGS or (self._mode == INSTRUCTIONS and is_finding(line)):
            self.findings += _findings(line, self.at, self._heading)
        elif self._mode == INSTRUCTIONS:
            self.instructions.append(line.strip())
            if is_rule(line):
                self.policy.append(Line(line.strip(), self.at))


def _last_turn(lines: Sequence[str]) -> int:
    """The start of the last line that opens a turn: headings after it are not part of the conversation."""
    ends = list(accumulate(len(line) + 1 for line in lines))
    return next((ends[i] - 1 for i in reversed(range(len(lines))) if speaker_turns(lines[i], 0, inside=False)), 0)


def _findings(line: str, at: int, heading: str) -> list[Line]:
    pairs = _JSON_PAIR.findall(line)
    if len(pairs) > 1 or (pairs and line.lstrip()[:1] in "{[\"'"):
        return [Line(f"{key}: {value}".replace('"', ""), at, heading) for key, value in pairs]
    return [Line(line.strip(), at, heading)] if any(map(str.isalpha, line)) else []
