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
from meta_reward.offline.judge.language import concepts, meaning, name_words, words
from meta_reward.offline.judge.transcript import TOOL, Turn, is_closing_tag, joined, printed_turns, speaker_turns

CONVERSATION, POLICY, FINDINGS, INSTRUCTIONS = "conversation", "policy", "findings", "instructions"

_SECTIONS = {
    POLICY: re.compile(r"polic|rule|guideline|regulation|clause|handbook|manual|terms"),
    FINDINGS: re.compile(
        r"finding|check|verif|fact|evidence|audit|detect|ledger|signal|observ|comput|flag|measured|statistic|alert|warning"
    ),
    CONVERSATION: re.compile(
        r"conversation|transcript|dialog|message|trajectory|chat|log|history|turn|interaction|exchange|session|rollout"
        r"|episode|action|calls|timeline|event|run"
    ),
}
_TASK = re.compile(
    r"\b(?:scor|grad(?:e|ing)|rubric|criteri|format|instruction|task|question|output|answer|reply|verdict|scale|rating"
    r"|judg(?:e|ing)\b|checklist|look (?:for|at)|consider|what (?:matters|counts)|weigh|attention|how to"
    r"|aspects?\b|dimension|principle)",
    re.I,
)
_HEADINGS = (
    ("#", re.compile(r"^\s*#{1,6}\s+(?P<text>.+?)[\s#:]*(?P<rest>)$")),
    ("tag", re.compile(r"^\s*<(?P<text>[A-Za-z][\w -]{0,40})(?:\s[^>]*)?>\s*(?P<rest>.*)$")),
    ("bold", re.compile(r"^\s*(?:\*\*|__)(?P<text>[^*_]{2,80}?):?(?:\*\*|__):?\s*(?P<rest>.*)$")),
    ("rule", re.compile(r"^\s*[=\-*_~\[]{2,}\s*(?P<text>\w.{1,60}?)\s*[=\-*_~:\]]{2,}\s*(?P<rest>)$")),
    ("caps", re.compile(r"^\s*\[?(?P<text>[A-Z][A-Z0-9 _/&'(),\-]{2,70})\]?(?::\s*(?P<rest>.*))?$")),
    ("plain", re.compile(r"^\s*(?P<text>[A-Z][\w ,'’()/\-]{2,90}?)\s*:\s*(?P<rest>.*)$")),
)
_WEAK = ("plain", "bold")  # styles that occur within messages too
_DIVIDER = re.compile(r"^\s*(?:[-=*_~]{3,}|`{3}\w*|\"{3})\s*$")
SCALE = re.compile(
    r"(?<![\w.,$:-])(\d{1,2}(?:\.\d+)?)\s*(?:-|–|to|and|through|\.\.+)\s*(\d{1,3}(?:\.\d+)?)(?![\w:]|[.,-]\d)"
    r"|\bout of (\d{1,3})\b|(?<=[\s>\]})XNn_])/\s?(\d{1,3})\b",
    re.I,
)
_OF_JUDGES = frozenset(
    "score scores scoring json transcript trajectory verdict criteria criterion rubric grade scale rating".split()
)
_ASKED = re.compile(
    r"\b(?:answer|reply|respond|return|output)\b.*\b(?:only|number|yes|no|pass|true|form|format|json|with)\b"
    r"|\b(?:the|this|each) (?:agent|assistant|representative|bot|model|conversation)\b.*\?"
    r"|\b(?:rate|judge|evaluate|assess|grade|score)\b.*\b(?:agent|assistant|representative|conversation|it|this|from)\b"
    r"|^\W*(?:(?:now|then|first|finally|please)\W+)?(?:check (?:that|whether|if|for)|judge|ignore|disregard"
    r"|weigh|treat|deduct|penali[sz]e|assess|evaluate|be (?:strict|harsh|critical|sceptical|skeptical)"
    r"|consider (?:whether|if|how)|explain your"
    r"|(?:do not|don't|never) (?:reward|trust|credit)|think (?:step|about|carefully)|decide whether|look for)\b"
    r"|^\W*(?:pass or fail|true or false)\b|\bprobability\b.*\b(?:agent|assistant)\b",
    re.I,
)
_LABEL = re.compile(
    r"^\W*(?:(?:CHECK|FINDING|FACT|VERIFIED|FAIL(?:ED)?|PASS(?:ED)?|WARNING|VIOLATION|OK|FLAG|ALERT|PROBLEM)\b"
    r"|(?:check(?:ed)?|finding|fact|verified|failed|passed|warning|violation|flag|alert|problem)\s*[:\]\-])"
    r"|^\s*[-*•]?\s*[✓✔✗✘✅❌⚠]"
)
LEAD = re.compile(
    r"^(?:\W*<\w+\s[^>]*=)?\W{0,6}(?:\[(?P<box>[xX ])\]\s*"
    r"|(?P<word>yes|no|true|false|holds)\b[\"'*_`\])]*\s?[:>|=,–—-]+\s*)"
    r"(?P<fact>[^\s<{].{8,})$",
    re.I,
)
_PAIR = re.compile(
    r"^\W*(?P<key>[A-Za-z][\w '’()/,\-]{1,70}?)[\"'*`]*\s*[:=]\s*[\"'*`]*"
    r"(?P<value>yes|no|true|false|none|null|nothing|never|all|pass(?:ed)?|fail(?:ed)?|ok"
    r"|\d+(?:\.\d+)?%?(?:\s*(?:of|/)\s*\d+)?|\[.*\])(?!\w)(?P<more>.{0,120})$",
    re.I,
)
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
            parts.append((POLICY if _section(name) == POLICY else FINDINGS, message.content))
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
        heading = _heading(line)
        if heading is None:
            return False
        style, text, rest = heading
        section = _section(text)
        if section is None and self._mode == CONVERSATION and self.at > self._last_turn and style not in _WEAK:
            section = INSTRUCTIONS
        if section is None or (self._open and style in _WEAK and (rest or section != INSTRUCTIONS)):
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
        if self._mode != INSTRUCTIONS and after_blank and (is_request(line) or (self._open and _LABEL.search(line))):
            self._mode, self._open = INSTRUCTIONS, False
        if self._open:
            self.turns[-1] = joined(self.turns[-1], line)
        elif self._mode == POLICY:
            self.policy.append(Line(line.strip(), self.at, self._heading))
        elif self._mode == FINDINGS or (self._mode == INSTRUCTIONS and is_finding(line)):
            self.findings += _findings(line, self.at, self._heading)
        elif self._mode == INSTRUCTIONS:
            self.instructions.append(line.strip())
            if _is_rule(line):
                self.policy.append(Line(line.strip(), self.at))


def _last_turn(lines: Sequence[str]) -> int:
    """Where the last line begins that somebody's turn opens: headings after it are no part of a conversation."""
    ends = list(accumulate(len(line) + 1 for line in lines))
    return next((ends[i] - 1 for i in reversed(range(len(lines))) if speaker_turns(lines[i], 0, inside=False)), 0)


def is_request(line: str) -> bool:
    """Whether a line asks a judge for something, and so cannot belong to a conversation."""
    return bool(_OF_JUDGES & set(words(line))) or _ASKED.search(line) is not None


def is_finding(line: str) -> bool:
    """Whether a line states what was verified, rather than what to look for."""
    if _LABEL.search(line) or LEAD.match(line):
        return True
    pair = _PAIR.match(line)
    if pair is None or "<" in line or SCALE.search(line):
        return False
    more = pair["more"].strip(" .,;\"'*`")
    return not (more and pair["value"].isdigit()) and not more.startswith(("or", "/", "|"))


def _is_rule(line: str) -> bool:
    """Whether a line outside any policy speaks as a policy does."""
    spoken = words(line)
    asks = any("evaluate" in concepts(word) for word in spoken[:3])
    return len(spoken) > 4 and not asks and bool(meaning(spoken) & {"forbid", "must", "permit"})


def _findings(line: str, at: int, heading: str) -> list[Line]:
    pairs = _JSON_PAIR.findall(line)
    if len(pairs) > 1 or (pairs and line.lstrip()[:1] in "{[\"'"):
        return [Line(f"{key}: {value}".replace('"', ""), at, heading) for key, value in pairs]
    return [Line(line.strip(), at, heading)] if any(map(str.isalpha, line)) else []


def _heading(line: str) -> tuple[str, str, str] | None:
    """The style, text and rest of a line that looks like a heading; a style of hashes includes its level."""
    for style, pattern in _HEADINGS:
        found = pattern.match(line)
        if found:
            level = style * (len(line.lstrip()) - len(line.lstrip().lstrip("#"))) if style == "#" else style
            return level, found["text"], found["rest"] or ""
    return None


@lru_cache(maxsize=1 << 12)
def _section(text: str) -> str | None:
    """The kind of section a heading announces: by its first telling word, unless it speaks of the judge's task."""
    if _TASK.search(text):
        return INSTRUCTIONS
    told = (name for word in name_words(text) for name, stems in _SECTIONS.items() if stems.match(word))
    return next(told, None)
