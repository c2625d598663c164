"""Whether an answer is right: it must match exactly, except for notation.

Equal are LaTeX and plain text, \frac12 and 1/2 and 0.50, 33,\\!800 and 33800, `\boxed{5}`, `$x = 5$` and `5 cm`
and `5`, 30^\\circ and 30, 25\\% and 25, \text{(C)} and C, terms and factors in any order, and lists and sets in any
order. Tuples, intervals and matrices keep their order. Numbers are compared by value, but no arithmetic is carried
out and nothing is simplified: 2+3 is not 5, and x(x+1) is not x^2+x.

Units are not compared, as is usual for MATH: the problem says which unit it wants. Answers that cannot be read as
mathematics are compared as text, ignoring case, spaces and punctuation at both ends.
"""

import re

from meta_reward.tasks.answer_syntax import FUNCTIONS, parse_answer, render_tree

_LONGEST = 500  # characters of an answer that is read as mathematics
_BOXED = re.compile(r"\\f?boxed\s*(?=\{)|\\boxed\s+(?P<bare>\S+)")
_UNICODE = str.maketrans(
    {
        **dict(zip("−–×·⋅÷⁄’", "--***//'", strict=True)),
        **{"√": "\\sqrt ", "π": "\\pi ", "θ": "\\theta ", "∞": "\\infty ", "∅": "\\emptyset ", "∈": "\\in "},
        **{"∪": "\\cup ", "∩": "\\cap ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "±": "\\pm "},
        **{"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "²": "^2", "³": "^3"},
        **{"°": "", "\u00a0": " ", "\u2009": "", "\u202f": ""},
    }
)
_WRAPPERS = re.compile(
    r"\\(?:mbox|hbox|mathrm|mathbf|mathit|mathsf|textbf|textit|textrm|textnormal|boldsymbol|operatorname)\b"
)
_SAME = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\\\\", r"\\cr "),
        (r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits)(?![A-Za-z])\.?", ""),
        (r"\{,\}|,\\!", ","),
        (r"\\(?:[!,;: ]|quad|qquad|enspace|thinspace)|~", " "),
        (r"\\h?v?phantom\s*(?:\{[^{}]*\}|(?=[-+]))", ""),
        (r"\\[$%]|[$%]|\^\s*(?:\{\s*\\circ\s*\}|\\circ)|\\(?:circ|degree)(?![A-Za-z])", ""),
        (r"\\[dtc]frac(?![a-z])", r"\\frac"),
        (r"\\[dt]?binom(?![a-z])|\\choose(?![a-z])", r"\\binom"),
        (r"\\leq(?:slant)?(?![a-z])|<=", r"\\le "),
        (r"\\geq(?:slant)?(?![a-z])|>=", r"\\ge "),
        (r"\\neq(?![a-z])|!=", r"\\ne "),
        (r"\\lt(?![a-z])", "<"),
        (r"\\gt(?![a-z])", ">"),
        (r"\\(?:cdot|times|ast)(?![a-z])|\*\*?", "*"),
        (r"\\div(?![a-z])", "/"),
        (r"\\[lr]?vert(?![a-z])", "|"),
        (r"\\varnothing(?![a-z])", r"\\emptyset"),
        (r"\\(?:rightarrow|implies|Rightarrow)(?![a-z])", r"\\to"),
        (r"\\lbrace(?![a-z])", r"\\{"),
        (r"\\rbrace(?![a-z])", r"\\}"),
    )
)
_AND = re.compile(r",?\s*\\text\s*\{[\s,]*(?:and|or)\s*\}|,?\s+(?:and|or)\s+", re.IGNORECASE)
_WHOLE_TEXT = re.compile(r"\\text\s*\{([^{}]*)\}")
_UNIT = re.compile(
    r"(?P<rest>.*[^\s\\])\s*\\text\s*\{\s*(?P<unit>[^{}]*)\}\s*(?:\^\s*(?:\d|\{\s*\d\s*\}))?$", re.DOTALL
)
_PLAIN_UNIT = re.compile(
    r"(?P<rest>.*[\d})])(?:\s*(?:[cmk]m|[mk]?g|ml|ft|in|lb|oz|hr|min|sec|mph|cents?|degrees?|[A-Za-z]{3,})"
    r"|\s+(?P<unit>[A-Za-z][A-Za-z./ ]*[A-Za-z.]))(?:\^\s*\{?\d\}?)?$",
    re.DOTALL,
)
_HALF_OF_DAY = re.compile(r"[ap]\.?\s*m\.?", re.IGNORECASE)
_NAMED = re.compile(
    r"\s*(?:[A-Za-z]|\\[A-Za-z]+)(?:_\{?\w\}?)?(?:\s*\(\s*[a-z]\s*\))?\s*(?:=|\\in(?![a-z]))\s*(?P<value>.+)", re.DOTALL
)
_THOUSANDS = re.compile(r"(?<![\d.,(\[])\d{1,3}(?:,\d{3})+(?![\d,])")
_REPEATING = re.compile(r"(\d*)\.(\d*)\\(?:overline|bar)\s*\{?(\d+)\}?")
_MIXED = re.compile(r"(?<![\d./])(\d+)\s+(\d+)\s*/\s*(\d+)(?![\d.])")
_KNOWN = sorted({*FUNCTIONS, "sqrt", "pi", "infty", "theta", "cup", "pm", "binom", "frac"}, key=len, reverse=True)
_PLAIN_NAME = re.compile(rf"(?<![\\A-Za-z])(?:{'|'.join(_KNOWN)}|inf(?:inity)?)(?![A-Za-z])")
_COMMANDS = re.compile(r"\\[A-Za-z]+(?:\s*\{[pbvBV]?matrix\})?")
_WORDS = re.compile(r"[A-Za-z]{3,}|(?<![A-Za-z])no(?![A-Za-z])|[A-Z]{2,}|[^\W\d_a-zA-Z]")
_STARTS, _ENDS = " \t\r\n\"'`", " \t\r\n.,;:?\"'`"


def is_same_answer(given: str, right: str) -> bool:
    """Whether an answer is the right one."""
    return normal_answer(given) == normal_answer(right)


def normal_answer(text: str) -> str:
    """The normal form of an answer, such as `1/2` for `$\\frac{2}{4}$`; "" for no answer."""
    boxed = boxed_answer(text)
    text = _latex(text if boxed is None else boxed)
    if len(text) > _LONGEST:
        return " ".join(text.split())
    text = _without_unit(_AND.sub(",", text))
    if whole := _WHOLE_TEXT.fullmatch(text):
        text = whole[1].lstrip(_STARTS).rstrip(_ENDS)
    named = _NAMED.fullmatch(text)
    if named and not re.search(r"[=<>]|\\[lg]e|\\ne", named["value"]):
        text = named["value"]
    text = _numbers(text)
    try:
        return _mathematics(text)
    except (ValueError, RecursionError, ZeroDivisionError):
        return _plain(text)


def boxed_answer(text: str) -> str | None:
    """The content of the last `\\boxed{}` of a solution; None without one, or if its braces are not closed."""
    found = next(reversed(list(_BOXED.finditer(text))), None)
    if found is None or found["bare"]:
        return found and found["bare"].strip("$.")
    depth = 0
    for at in range(found.end(), len(text)):
        escaped = text[at - 1] == "\\" and text[at - 2 : at] != "\\\\"
        depth += 0 if escaped else {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[found.end() + 1 : at]
    return None


def _latex(text: str) -> str:
    """An answer without LaTeX that does not change its meaning; of equivalent commands, only one is used."""
    text = text.lstrip(_STARTS).rstrip(_ENDS).translate(_UNICODE)
    text = _WRAPPERS.sub(r"\\text", re.sub(r"^\\[(\[](.*)\\[)\]]$", r"\1", text, flags=re.DOTALL))
    for pattern, by in _SAME:
        text = pattern.sub(by, text)
    return text.lstrip(_STARTS).rstrip(_ENDS)


def _without_unit(text: str) -> str:
    """A value without the unit after it; a.m. and p.m. are kept."""
    for pattern in (_UNIT, _PLAIN_UNIT):
        found = pattern.fullmatch(text)
        if found and not _HALF_OF_DAY.fullmatch((found["unit"] or "").strip()):
            name = text[found.end("rest") :].strip()
            if pattern is _UNIT or not _PLAIN_NAME.match(name):
                return found["rest"].lstrip(_STARTS).rstrip(_ENDS)
    return text


def _numbers(text: str) -> str:
    """An answer with its numbers in digits, with a decimal point, or as one fraction."""
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = _REPEATING.sub(_fraction, text)
    return _MIXED.sub(lambda found: f"{found[1]}\\frac{{{found[2]}}}{{{found[3]}}}", text)


def _fraction(found: re.Match[str]) -> str:
    """A decimal with repeating digits as a fraction."""
    whole, once, again = found[1] or "0", found[2], found[3]
    below = (10 ** len(again) - 1) * 10 ** len(once)
    return f"\\frac{{{int(whole + once + again) - int(whole + once)}}}{{{below}}}"


def _mathematics(text: str) -> str:
    """The tree of an answer, rendered. Raises ValueError for words, and for what cannot be read."""
    text = _PLAIN_NAME.sub(lambda found: "\\infty " if found[0].startswith("inf") else f"\\{found[0]} ", text)
    if _WORDS.search(_COMMANDS.sub(" ", text)):
        raise ValueError("words")
    return render_tree(parse_answer(text.replace("\\text", "")))


def _plain(text: str) -> str:
    """A text without braces, in lower case, with single spaces between words."""
    plain = re.sub(r"\\text(?![a-z])|[{}\\]", " ", re.sub(r"\.(?!\d)", "", text))
    spaced = re.sub(r"\s*([^\w\s])\s*", r"\1", " ".join(plain.split()))
    return re.sub(r"^\((.*)\)$", r"\1", spaced.lstrip(_STARTS).rstrip(_ENDS)).casefold()
