"""The terms of a text: stems of words; where a script or a notation has no spaces, runs of characters."""

import re
from functools import lru_cache

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\s{_CJK}]+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SPACELESS = re.compile(rf"[{_CJK}]")
_NOTATION = re.compile(r"[A-Za-z0-9]*[()=#\[\]][A-Za-z0-9()=#\[\]@+\-\\/.:%]{7,}")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|ly|s|e)$")
_LONGEST_STEM = 7
_LONGEST_WORD = 24
_RUN = 3
STOP = frozenset(
    (
        "a an the and or but if of to in on at by for from with as is are am be been was were it its it's this that "
        "these those there here they them their he she his her you your i i'm i've i'd we our us my me he's they're "
        "do does did done don't have has had not no so too very just also will would can could should may might must "
        "what which who when where how why than then get gets got really lot some any all more most other about into "
        "out up down over after before again because while such own same s t"
    ).split()
)


@lru_cache(maxsize=1 << 15)
def terms(text: str) -> frozenset[str]:
    """The terms that carry meaning."""
    found: set[str] = set()
    for token in _TOKEN.findall(text.lower()) if text.isascii() or _SPACELESS.search(text) else text.lower().split():
        found.update(_of_token(token))
    return frozenset(found)


@lru_cache(maxsize=1 << 15)
def surface(text: str) -> tuple[str, ...]:
    """The words that carry meaning as they are written, in order and once each; runs where there are no spaces."""
    found = dict[str, None]()
    for token in _TOKEN.findall(text):
        if _SPACELESS.match(token) or _is_notation(token):
            found.update(dict.fromkeys(_runs(token)))
        else:
            found.update(dict.fromkeys(word.lower() for word in _WORD.findall(token) if word.lower() not in STOP))
    return tuple(found)


@lru_cache(maxsize=1 << 15)
def _of_token(token: str) -> tuple[str, ...]:
    if _SPACELESS.match(token) or _is_notation(token):
        return _runs(token)
    return tuple(_stem(word) for word in _WORD.findall(token) if word not in STOP)


def _is_notation(token: str) -> bool:
    return len(token) > _LONGEST_WORD or _NOTATION.fullmatch(token) is not None


def _runs(token: str) -> tuple[str, ...]:
    size = 2 if _SPACELESS.match(token) else _RUN
    return tuple(dict.fromkeys(token[at : at + size] for at in range(max(1, len(token) - size + 1))))


def _stem(word: str) -> str:
    return _ENDING.sub("", word)[:_LONGEST_STEM]
