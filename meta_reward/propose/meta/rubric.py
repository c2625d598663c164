'''The rubric of a harness: a top-level function `rubric` that does nothing but return a dict of texts.

    def rubric() -> dict[str, str]:
        """The criteria by name."""
        return {
            "quality": "how well the agent handled the conversation",
            "truth": ("every claim is backed by a call; " "words alone earn nothing"),
        }

Every seed harness has one. It is read and replaced as text, without parsing the program, as a harness may come from
anywhere. The function that replaces it is always well-formed, whatever the criteria say.
'''

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from meta_reward.errors import UsageError
from meta_reward.files import printable

MAX_CRITERIA = 20
MAX_CHARS = 600
"""Longest criterion."""
_FUNCTION = re.compile(r"^def rubric\(\)[^\n]*:\n(?:[ \t]+[^\n]*\n|\n)*", re.MULTILINE)
_RETURNED = re.compile(r"^[ \t]+return \{(?P<body>.*)\}\s*\Z", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<mark>[:,()])|(?P<between>\s+|\#[^\n]*)""", re.DOTALL
)
_HINT = "write it as `def rubric() -> dict[str, str]:` that returns a dict of texts, as the seed harnesses do"
_FOREIGN = "its dict holds something other than names and texts"
_WIDTH = 100


class NoRubric(UsageError):
    """A harness without a rubric that can be refined."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the harness has no rubric that can be refined: {why}", hint=_HINT)


def read_rubric(source: str) -> dict[str, str]:
    """The criteria of a harness, by name. Raises NoRubric."""
    return _criteria(_returned_by(source)["body"])


def replace_rubric(source: str, criteria: Mapping[str, str]) -> str:
    """The harness with these criteria in place of its own. Raises NoRubric."""
    read_rubric(source)
    found = _function_of(source)
    after = source[found.end() :]
    return source[: found.start()] + render_rubric(tidy(criteria)) + ("\n\n" if after.strip() else "") + after


def render_rubric(criteria: Mapping[str, str]) -> str:
    """The function that returns these criteria."""
    entries = "".join(f"        {_literal(name)}: {_texts(text)},\n" for name, text in criteria.items())
    doc = '    """The criteria by name, as they were refined while a policy was trained."""\n'
    return f"def rubric() -> dict[str, str]:\n{doc}    return {{\n{entries}    }}\n"


def tidy(criteria: Mapping[str, str]) -> dict[str, str]:
    """Criteria as a rubric may hold them: each on one line, without unprintable characters, and bounded in length."""
    flat = {_flat(name)[:60]: _flat(text)[:MAX_CHARS] for name, text in criteria.items()}
    return {name: text for name, text in flat.items() if name and text}


def _flat(text: str) -> str:
    return " ".join(printable(text).split())


def _function_of(source: str) -> re.Match[str]:
    found = _FUNCTION.search(source if source.endswith("\n") else f"{source}\n")
    if found is None:
        raise NoRubric("it has no function `rubric()` without arguments")
    return found


def _returned_by(source: str) -> re.Match[str]:
    found = _RETURNED.search(_function_of(source)[0].rstrip() + "\n")
    if found is None:
        raise NoRubric("its function `rubric` does not end with `return {...}`")
    return found


def _criteria(body: str) -> dict[str, str]:
    criteria: dict[str, str] = {}
    names: list[str] = []
    texts: list[str] = []
    after_name = False
    for kind, value in _tokens(body):
        if kind == "text":
            (texts if after_name else names).append(value)
        elif value == ":" and len(names) == 1 and not after_name:
            after_name = True
        elif value == "," and after_name and texts:
            criteria[names[0]] = "".join(texts)
            names, texts, after_name = [], [], False
        elif value not in "()":
            raise NoRubric(_FOREIGN)
    if after_name and texts:
        criteria[names[0]] = "".join(texts)
    elif names:
        raise NoRubric(_FOREIGN)
    if not criteria:
        raise NoRubric("its dict is empty")
    return criteria


def _tokens(body: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            raise NoRubric(_FOREIGN)
        at = found.end()
        if found["text"]:
            yield "text", _unquoted(found["text"])
        elif found["mark"]:
            yield "mark", found["mark"]


def _unquoted(literal: str) -> str:
    inner = literal[1:-1]
    if literal[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError:
        raise NoRubric(f"it cannot read the text {literal[:40]}") from None


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _texts(text: str) -> str:
    """A text as one literal or, if it is long, as several in parentheses."""
    parts = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False, drop_whitespace=False)
    if len(parts) < 2:
        return _literal(text)
    lines = "".join(f"            {_literal(part)}\n" for part in parts)
    return f"(\n{lines}        )"
