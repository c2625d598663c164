"""What one line of a prompt is by itself: a heading, `key: value`, `text -> label`, an object, a bullet, or prose."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

TEXT, LABEL, LABELS, NOTES, EXAMPLES = "text", "label", "labels", "notes", "examples"

_TEXT = frozenset(
    "text input sentence message question query document case fact facts utterance email mail review post content "
    "description problem patient customer complaint ticket statement request passage snippet 文本 输入 问题".split()
)
_LABEL = frozenset(
    "label output answer class category intent situation diagnosis target topic type tag decision verdict "
    "标签 输出 答案 类别".split()
)
_LABEL_FIRST = frozenset("label answer output class category".split())
_LABELS = frozenset("labels classes categories options choices intents situations diagnoses topics tags".split())
_NOTES = frozenset(
    "notes note hints hint playbook memory guide guidelines lessons rules insights knowledge definitions cheatsheet "
    "strategies descriptions profiles".split()
)
_EXAMPLES = frozenset("examples demonstrations shots solved labelled labeled training neighbours neighbors".split())
_BULLET = re.compile(r"^\s*(?:[-*•+]|\(?\d{1,4}[.)])\s+")
_NAME = re.compile(r"[\s>*#`_\"']{0,8}([^\W\d_][\w '/-]{0,40}?) {0,3}\d{0,4}[*`_\"']{0,4} ?")
_ARROWS = ("->", "=>", "→", "⇒", "\t")
_HEADING = re.compile(r"#+\s+(.+)|\*\*([^*]+)\*\*:?|<(\w+)>|([^.!?:：]{2,80})[:：]")
_PLACEHOLDER = re.compile(r"^[`\"']*(?:<[^>]*>|\[[^\]]*\]|\{[^}]*\}|_{2,}|\.{3}|\?+)[`\"']*[.,]?$")
_WORDS = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"\"([^\"]+)\"|`([^`]+)`")
_LONGEST_KEY = 60
_OPEN_LIST = re.compile(r"\b(?:one of|from|among|following|these|are|exactly|is)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, read by itself."""

    content: str
    """Without a bullet."""
    is_bullet: bool = False
    heading: str = ""
    """What the lines below it are: one of the words above; `other` for another heading, "" for none."""
    key: str = ""
    """The role of its key: TEXT, LABEL, LABELS; "" for another key or none."""
    name: str = ""
    """Its key as written."""
    value: str = ""
    is_bare: bool = False
    """Whether its key is one word with nothing between it and the colon: `Text:`, and not `type 2 diabetes:`."""
    arrow: tuple[str, str] | None = None
    """Both sides of an arrow; the right one may be empty."""
    items: tuple[str, ...] = ()
    """The labels that it lists."""
    data: Any = None
    """The objects in it, where it is JSON."""


@lru_cache(maxsize=1 << 15)
def read_line(text: str) -> Line:
    """A line that is not blank."""
    stripped = text.strip()
    if stripped[0] in "{[" and (objects := _objects(stripped.rstrip(","))):
        return Line(stripped, data=objects)
    bullet = _BULLET.match(text)
    content = (text[bullet.end() :] if bullet else text).strip()
    if arrow := _arrow(content):
        return Line(content, bullet is not None, arrow=arrow)
    name, value = _keyed(content)
    role = role_of(name) if name else ""
    heading = "" if value and role in (TEXT, LABEL) else _heading(content, is_bullet=bullet is not None)
    items = _items(content, value, role) if not heading else ()
    is_bare = name.isalpha() and content.lstrip("*#>`_ ")[len(name) :].lstrip("*`_")[:1] in tuple(":：")
    return Line(content, bullet is not None, heading, role, name, value, is_bare, items=items)


def role_of(key: str) -> str:
    """The role of a key, by its words; "" for another."""
    words = _WORDS.findall(key.lower())
    if not words or len(words) > 4:
        return ""
    if {"one", "of"} <= set(words):
        return LABELS
    if words[0] in _TEXT or (words[-1] in _TEXT and words[0] not in _LABEL):
        return TEXT
    if words[-1] in _LABEL or words[0] in _LABEL_FIRST:
        return LABEL
    return LABELS if _LABELS & set(words) else ""


def is_placeholder(value: str) -> bool:
    """Whether a value stands for what is to be filled in."""
    return _PLACEHOLDER.match(value) is not None


def unquoted(value: str) -> str:
    """A value without the marks around it."""
    return value.strip().strip("`\"'*").strip()


def _arrow(content: str) -> tuple[str, str] | None:
    """Both sides of the last arrow in a line."""
    mark = next((mark for mark in _ARROWS if mark in content), None)
    if mark is None:
        return None
    left, _, right = (side.strip() for side in content.rpartition(mark))
    if right and role_of(_keyed(left)[0]) == TEXT and role_of(_keyed(right)[0]) != LABEL:
        return None  # the arrow is a part of the text
    left, right = _without_key(left), _without_key(right)
    return (left, right) if left and not is_placeholder(left) else None


def _keyed(content: str) -> tuple[str, str]:
    """The key and the value of a line; "" and "" without a key."""
    head, colon, _ = content[:_LONGEST_KEY].replace("：", ":").partition(":")
    found = _NAME.fullmatch(head) if colon else None
    return (found[1].strip(), content[len(head) + 1 :].lstrip("*_ \t")) if found else ("", "")


def _without_key(side: str) -> str:
    name, value = _keyed(side)
    return unquoted(value if name and role_of(name) in (TEXT, LABEL) else side)


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    found = data if isinstance(data, list) else [data]
    return found if found and all(isinstance(item, dict) for item in found) else []


def _heading(content: str, *, is_bullet: bool) -> str:
    found = _HEADING.fullmatch(content)
    if not found or is_bullet:
        return ""
    title = next(group for group in found.groups() if group)
    words = _WORDS.findall(title.lower())
    for role, of_role in ((NOTES, _NOTES), (EXAMPLES, _EXAMPLES), (LABELS, _LABELS)):
        if of_role.intersection(words):
            return role
    role = TEXT if words and words[-1] in _TEXT else role_of(title)
    if role or found[4] is None:
        return role or "other"
    return LABELS if _OPEN_LIST.search(title) else ""


def _items(content: str, value: str, role: str) -> tuple[str, ...]:
    """The labels that a line lists behind a colon."""
    head, _, rest = content.partition(":")
    words = set(_WORDS.findall(head.lower()))
    if role == LABELS:
        return split_labels(value)
    items = split_labels(rest.strip()) if words & _LABELS or {"one", "of"} <= words else ()
    return items if len(items) > 1 and not role else ()


def split_labels(text: str) -> tuple[str, ...]:
    """Labels in a row: quoted, or with bars, semicolons or commas between them."""
    quoted = [first or second for first, second in _QUOTED.findall(text)]
    if len(quoted) > 1:
        return tuple(quoted)
    separator = next((mark for mark in (" | ", "|", ";", ",", "，") if mark in text), ",")
    items = (unquoted(item).rstrip(".") for item in text.strip("[]").split(separator))
    return tuple(item for item in items if item and not is_placeholder(item))
