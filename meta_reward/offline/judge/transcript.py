"""Finding the conversation in a prompt: who said what, which tools were called, what they returned.

Understands numbered or plain `role: text`, bullets, headings, tags and chat marks, and messages as
JSON or as printed Python objects. Lines that name no speaker are left to `prompt`.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from meta_reward.offline.judge.language import acts, name_words

CUSTOMER, AGENT, TOOL = "customer", "agent", "tool"

_ROLES = {
    CUSTOMER: "user customer client caller human guest requester passenger traveler traveller shopper member u c",
    AGENT: "assistant agent bot ai model representative rep advisor a",
    TOOL: "tool function environment api observation result response output error return t",
    "call": "tool_call toolcall function_call action call invoke invocation",
    "result": "tool_result toolresult tool_response tool_output function_result",
}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names.split()}
# Words that also open ordinary lines; they are a speaker only inside a conversation.
_SHY = set("action call result response output error return observation t a c u model api environment member".split())
_GLUE = set(
    "calls called call tool tools function result results of from says said say message turn returned returns return "
    "response responds responded error output input uses used invoked invokes runs ran to the with reply replies "
    "replied asks asked answers answered then writes wrote and number failed returned an content text".split()
)
_AFTER_NAME = frozenset("of from calls call called tool function uses".split())
_READS = frozenset(
    "get list search find look lookup read fetch view check show retrieve query calculate compute think describe count "
    "verify validate convert inspect browse filter estimate status compare summarize explain".split()
)
_WRITES = frozenset(
    "issue grant pay charge correct put set post apply assign merge fix open close enable disable insert write".split()
)
_NAMES = "|".join(
    sorted((n.replace("_", "[ _-]?") if len(n) > 1 else n.upper() for n in _ROLE_OF), key=len, reverse=True)
)
_SPEAKER = re.compile(
    r"^[\s>|*•·\-]*(?:[\[(<#]*\s*(?:(?:turn|step|message|msg|event|line)\s*)?#?\d{1,3}\s*[\])>]?\s*[.:)|\-–—]*\s*)?"
    rf"[<\[(*_`\"'#\s]*(?P<role>(?:(?i:{_NAMES})))(?![a-z'])\d{{0,3}}"
    r"(?:[\s*_`\"']*\((?P<paren>[^)]{0,60})\))?(?P<mid>[^:>\]={(\n\"“→—–|]{0,60}?)"
    r"[\s*_`\"']*(?P<mark>[:>\]|]+(?:[*_`]+)?|→|->|=>|[—–]|-(?=\s)|(?=[{(\"“]))[\s*_`]*(?P<rest>.*)$",
)
_CALL = re.compile(
    r"(?P<name>[A-Za-z][\w.\-]*)[`*\"']*\s*(?:with\s+|using\s+)?(?:the\s+)?(?:arguments?|args|input|parameters|params)?\s*"
    r"[:=]?\s*(?P<args>[({].*)",
    re.S,
)
_CALL_LINE = re.compile(
    r"^[\s>*•\-→=\[]*(?:\d+[.)\]]\s*)?(?:tool[ _-]?call|call(?:s|ed|ing)?|invok\w+|action|→|->|>>)[\s:\]`*]*", re.I
)
# A call under any label, such as `[7] WRITE (done): close_ticket {...}`.
_LABELLED_CALL = re.compile(
    r"^[\s>*•\-]*(?:[\[(]\d{1,3}[\])]\s*)?[A-Za-z]\w*(?: \([\w ]{1,20}\))?:\s*(?=[A-Za-z]+[_.]\w+\s*[({])"
)
_RESULT_LINE = re.compile(
    r"^[\s>*•\-]*(?:[\[(]\d{1,3}[\])]\s*)?(?:=>|->|→|⇒|<-|←|results?|returned|returns|output|response|observation|error)[\s:>*]+",
    re.I,
)
_PRINTED = re.compile(r"[\"']?\brole[\"']?\s*[=:]\s*[\"'](\w+)[\"']")
_CONTENT = re.compile(r"[\"']?\bcontent[\"']?\s*[=:]\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')", re.S)
_PRINTED_CALL = re.compile(
    r"[\"']?\bname[\"']?\s*[=:]\s*[\"']([\w.\-]+)[\"']\s*,\s*[\"']?arguments[\"']?\s*[=:]\s*[\"']?(\{.*?\})[\"']?\s*[)}]",
    re.S,
)
_FAILED = re.compile(
    r"^\W{0,3}(?:error|exception|traceback|fail|denied|invalid)"
    r"|\"?\b(?:error|is_error)\"?\s*[:=]\s*(?!null|none|false|\"\"|\[\])",
    re.I,
)
_FLAGGED = re.compile(r"is_error\W+true", re.I)
_CALLING = re.compile(r"\b(?:call|invok|use|ran|runs)", re.I)
_COMPOUND = re.compile(r"_|[a-z][A-Z]")
_OBJECTS_END = re.compile(r"\n\s*[\])}]*\s*\n(?=\s*[^\s\[{(\"'\])},])|\n(?=[A-Za-z#<*=])")
_CLOSING = re.compile(r"^\s*</[\w -]+>\s*$")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that happened: words of a speaker, a call of a tool (`name` set), or its result.

    at: where in the prompt it stands, in characters. failed: a result that reports an error.
    """

    role: str
    text: str
    at: int
    name: str = ""
    failed: bool = False

    @property
    def is_call(self) -> bool:
        return self.role == AGENT and bool(self.name)


def speaker_turns(line: str, at: int, *, inside: bool) -> list[Turn] | None:
    """The turns a line opens, or None where it opens none. inside: whether a conversation is running."""
    turns = _opened(line, inside)
    return None if turns is None else [replace(turn, at=at) for turn in turns]


@lru_cache(maxsize=1 << 14)
def _opened(line: str, inside: bool) -> tuple[Turn, ...] | None:
    """The same, as if the line were the first."""
    found = _SPEAKER.match(line)
    if found is None:
        return _unnamed_turns(line) if inside else None
    role = found["role"].lower().replace(" ", "_").replace("-", "_")
    kind = _ROLE_OF.get(role) or _ROLE_OF[role.replace("_", "")]
    middle = (found["paren"] or "") + " " + found["mid"]
    if not (inside or role not in _SHY) or not _is_glue(found["mid"]):
        return _unnamed_turns(line) if inside else None
    rest, calling = found["rest"], kind == "call" or _CALLING.search(middle)
    if kind in (TOOL, "result"):
        return (Turn(TOOL, rest, 0, failed="error" in (role + middle).lower() or is_failure(rest)),)
    if calling or (kind == AGENT and found["mark"] in ("→", "->", "=>")):
        call = _call_in(found["mid"] + " " + rest, sure=True)
        if call:
            return (call,)
    if kind == "call":
        return None
    call = _call_in(rest, sure=False) if kind == AGENT else None
    return (call,) if call else (Turn(kind, rest, 0),)


def printed_turns(text: str, at: int) -> tuple[list[Turn], int, int] | None:
    """Messages printed as JSON or Python objects: their turns, and where they begin and end in `text`."""
    marks = list(_PRINTED.finditer(text)) if text.count("role") > 1 else []
    if len(marks) < 2:
        return None
    closing = _OBJECTS_END.search(text, marks[-1].end())
    end = closing.start() if closing else len(text)
    turns: list[Turn] = []
    for mark, stop in zip(marks, [m.start() for m in marks[1:]] + [end], strict=True):
        role = _ROLE_OF.get(mark[1].lower(), mark[1].lower())
        chunk, place = text[mark.end() : stop], at + mark.start()
        said = _CONTENT.search(chunk)
        content = _unescape(said[1] or said[2] or "") if said else ""
        if role in (TOOL, "result"):
            failed = is_failure(content) or _FLAGGED.search(chunk) is not None
            turns.append(Turn(TOOL, content, place, failed=failed))
        elif content and role != "call":
            turns.append(Turn(role, content, place))
        turns += [Turn(AGENT, _unescape(c[2]), place, name=c[1]) for c in _PRINTED_CALL.finditer(chunk)]
    return turns, text.rfind("\n", 0, marks[0].start()) + 1, end


def is_change(turn: Turn) -> bool:
    """Whether a call changes the world, judged by the words of its name; a hand-over does not."""
    parts = set(name_words(turn.name))
    kinds = acts(parts)
    return turn.is_call and not parts & _READS and bool(kinds or parts & _WRITES) and "act:handoff" not in kinds


def joined(turn: Turn, line: str) -> Turn:
    """A turn with one more line of text."""
    text = f"{turn.text}\n{line}" if turn.text else line
    return replace(turn, text=text, failed=turn.failed or (turn.role == TOOL and not turn.text and is_failure(line)))


def is_failure(result: str) -> bool:
    """Whether a tool's result reports that the call failed."""
    return _FAILED.search(result[:200]) is not None


def is_closing_tag(line: str) -> bool:
    """Whether a line only closes a tag."""
    return _CLOSING.match(line) is not None


def _unnamed_turns(line: str) -> tuple[Turn, ...] | None:
    prefix = _CALL_LINE.match(line) or _LABELLED_CALL.match(line)
    call = _call_in(line[prefix.end() :] if prefix else line, sure=prefix is not None)
    if call:
        return (call,)
    result = _RESULT_LINE.match(line)
    if result:
        rest = line[result.end() :]
        return (Turn(TOOL, rest, 0, failed="error" in result[0].lower() or is_failure(rest)),)
    return None


def _call_in(text: str, *, sure: bool) -> Turn | None:
    """The call a text opens with. Unless `sure`, it must look like one: a compound name, then arguments."""
    found = _CALL.search(text) if sure else _CALL.match(text.strip().lstrip("`*\"' "))
    if found is None or not (sure or _COMPOUND.search(found["name"])):
        return None
    return Turn(AGENT, found["args"], 0, name=found["name"])


def _is_glue(middle: str) -> bool:
    """Whether the words between a role and its colon only connect the two, or name a tool."""
    parts = [part.lower() for part in re.findall(r"[\w.\-]+", middle)]
    return all(
        part in _GLUE or "_" in part or part.isdigit() or before in _AFTER_NAME
        for before, part in zip(["", *parts], parts, strict=False)
    )


def _unescape(text: str) -> str:
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")
