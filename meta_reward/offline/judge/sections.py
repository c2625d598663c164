"""What a single line of a prompt is: a heading and the section it announces, a request, a finding, a rule."""

import re
from functools import lru_cache

from meta_reward.offline.judge.language import concepts, meaning, name_words, words

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
WEAK = ("plain", "bold")  # styles that occur within messages too
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
LABEL = re.compile(
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


def is_request(line: str) -> bool:
    """Whether a line asks a judge for something, and so cannot belong to a conversation."""
    return bool(_OF_JUDGES & set(words(line))) or _ASKED.search(line) is not None


def is_finding(line: str) -> bool:
    """Whether a line states what was verified, rather than what to look for."""
    if LABEL.search(line) or LEAD.match(line):
        return True
    pair = _PAIR.match(line)
    if pair is None or "<" in line or SCALE.search(line):
        return False
    more = pair["more"].strip(" .,;\"'*`")
    return not (more and pair["value"].isdigit()) and not more.startswith(("or", "/", "|"))


def is_rule(line: str) -> bool:
    """Whether a line outside any policy speaks as a policy does."""
    spoken = words(line)
    asks = any("evaluate" in concepts(word) for word in spoken[:3])
    return len(spoken) > 4 and not asks and bool(meaning(spoken) & {"forbid", "must", "permit"})


def heading_of(line: str) -> tuple[str, str, str] | None:
    """The style, text and rest of a line that looks like a heading; a style of hashes includes its level."""
    for style, pattern in _HEADINGS:
        found = pattern.match(line)
        if found:
            level = style * (len(line.lstrip()) - len(line.lstrip().lstrip("#"))) if style == "#" else style
            return level, found["text"], found["rest"] or ""
    return None


@lru_cache(maxsize=1 << 12)
def section_of(text: str) -> str | None:
    """The kind of section a heading announces: by its first telling word, unless it speaks of the judge's task."""
    if _TASK.search(text):
        return INSTRUCTIONS
    told = (name for word in name_words(text) for name, stems in _SECTIONS.items() if stems.match(word))
    return next(told, None)
