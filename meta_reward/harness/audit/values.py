"""Values in arguments, results and words: identifiers, numbers, amounts of money, dates, names.

Told apart by form, and by the endings that fields of any schema share (`_id`, `number`). Pure functions of text.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_ID = re.compile(r"(?<![\w#@.-])#?(?=[\w-]*\d)(?=#|[\w-]*[A-Za-z_])[A-Za-z0-9][\w-]{2,}(?![\w@])")
_MEASURE = re.compile(r"\d+(?:[a-z]{1,3}|-[a-z-]+)|[a-z]+-\d{1,2}|\d{4}-\d\d-\d\dt\d*|\d+x\d+", re.IGNORECASE)
_ID_KEY = re.compile(r"(?i)(?:^|[_-])(?:id|ids|uuid|number|numbers|no|code|ref|reference|key)$|(?<=[a-z])Ids?$")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-(\d\d)-(\d\d)(?!\d)|(?<!\d)(\d\d?)/(\d\d?)(?:/(?:19|20)?\d\d)?(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDED = re.compile(
    rf"(?i)\b({'|'.join(_MONTHS)})[a-z]*\.? +(\d\d?)(?:st|nd|rd|th)?\b"
    rf"|\b(\d\d?)(?:st|nd|rd|th)?(?: of)? +({'|'.join(_MONTHS)})[a-z]*\b"
)
_DASHES = re.compile("[\u2010-\u2015]")
_TIME = re.compile(r"\b\d\d?:\d\d(?::\d\d)?\b")
_NUMBER = re.compile(r"(?<![\w.,#-])-?\d[\d,]*(?:\.\d+)?(?![\w-]|[.,]\d)")
_MONEY = re.compile(
    r"(?:[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY|INR|CAD|AUD)) ?(\d[\d,]*(?:\.\d+)?)"
    r"|(?<![\w.,])(\d[\d,]*(?:\.\d+)?) ?(?:[$€£¥]|(?:USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|dollars|euros|pounds)\b)"
)
_MONEY_KEY = re.compile(
    r"(?i)(?:amount|fee|price|cost|charge|refund|paid|payment|balance|total|fare|deposit|salary)s?$"
)
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_COUNTED = re.compile(rf"(?i)\b(\d{{1,3}}|{'|'.join(_COUNTS)}) +((?:[a-z]+ +)?(?:[a-z]+ +)?[a-z]+)")

Leaf = tuple[str, Any]
DEEPEST = 20
"""What is nested deeper in JSON is left out, and so are larger integers."""
LARGEST = 10**15


def leaves(value: Any, key: str = "", depth: int = 0) -> Iterator[Leaf]:
    """The plain values inside JSON, each with the name of its field; items of a list have that of the list."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, str(name), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key, depth + 1)
    elif value is not None and not (isinstance(value, int) and abs(value) > LARGEST):
        yield key, value


@lru_cache(maxsize=2048)
def data_in(text: str) -> Any:
    """The JSON of a result; None where it is none."""
    try:
        return json.loads(text) if text[:1] in "[{" else None
    except (ValueError, RecursionError):
        return None


def is_id(key: str, value: Any) -> bool:
    """Whether a value is an identifier, by its form, or by its field's name and a form that allows it."""
    if not isinstance(value, str) or not 3 <= len(value) <= 64:
        return False
    if _ID.fullmatch(value):
        return not _MEASURE.fullmatch(value)
    coded = re.fullmatch(r"[A-Z]{5,}|\d{5,}|[0-9a-fA-F-]{16,}", value) is not None
    return coded and is_id_key(key)


def is_id_key(key: str) -> bool:
    """Whether a field holds identifiers, by the ending of its name."""
    return _ID_KEY.search(key) is not None


def kind_of(key: str) -> str:
    """What a field of identifiers identifies: `reservation` for `reservation_id`."""
    base = re.sub(r"(?<=[a-z])Ids?$", "", key)
    words = [word for word in re.split(r"[^A-Za-z]+", base) if word and not _ID_KEY.fullmatch(word)]
    return " ".join(words).lower() or "record"


@lru_cache(maxsize=2048)
def ids_in(text: str) -> frozenset[str]:
    """What looks like an identifier in a text, in lower case."""
    return frozenset(found.lower() for found in _ID.findall(text) if not _MEASURE.fullmatch(found))


def shape(id: str) -> str:
    """What identifiers of a kind have in common: how letters and digits alternate."""
    return re.sub(r"[^\W_]+", _run_shape, id.lower())


def _run_shape(run: re.Match[str]) -> str:
    parts = re.findall(r"[a-z]+|\d+", run[0])
    form = "".join("9" if part[0].isdigit() else "a" for part in parts)
    return form if len(parts) < 3 else f"mixed{len(run[0])}"


@lru_cache(maxsize=2048)
def tokens(text: str) -> frozenset[str]:
    """The words of a text in lower case, with signs inside them kept: identifiers are whole."""
    return frozenset(found.strip(".-") for found in re.findall(r"#?\w[\w.@-]*", _DASHES.sub("-", text.lower())))


@lru_cache(maxsize=2048)
def dates_in(text: str) -> frozenset[tuple[int, int]]:
    """The dates in a text, as month and day."""
    found = {(int(a or c), int(b or d)) for a, b, c, d in _DATE.findall(_DASHES.sub("-", text))}
    for month, day, day_first, month_after in _WORDED.findall(text):
        found.add((_MONTHS.index((month or month_after).lower()) + 1, int(day or day_first)))
    return frozenset(found)


def is_date(value: Any) -> bool:
    """Whether a value is a date, with or without a time."""
    return isinstance(value, str) and re.match(r"(?:19|20)\d\d-\d\d-\d\d\b", value) is not None


@lru_cache(maxsize=2048)
def numbers_in(text: str) -> frozenset[float]:
    """The numbers of a text that are no part of a date, a time or an identifier; number words up to ten too."""
    plain = _TIME.sub(" ", _WORDED.sub(" ", _DATE.sub(" ", _DASHES.sub("-", text))))
    found = {_float(one) for one in _NUMBER.findall(plain)} | {_float(a or b) for a, b in _MONEY.findall(plain)}
    return frozenset(found | {float(_COUNTS[word]) for word in tokens(text) if word in _COUNTS})


@lru_cache(maxsize=2048)
def money_in(text: str) -> frozenset[float]:
    """The amounts of money in a text."""
    return frozenset(_float(before or after) for before, after in _MONEY.findall(text))


def is_money_key(key: str) -> bool:
    """Whether a field holds an amount of money, by its name."""
    return _MONEY_KEY.search(key) is not None


@lru_cache(maxsize=2048)
def counts_of(key: str, text: str) -> frozenset[float]:
    """The numbers that a text gives for what a field counts: `bags` in `2 bags`."""
    wanted = [word for word in split_name(key) if len(word) > 2]
    counted = _COUNTED.findall(text)
    said = [
        count.lower() for count, nouns in counted if any(alike(w, n) for w in wanted for n in nouns.lower().split())
    ]
    return frozenset(float(_COUNTS.get(count) or count) for count in said)


def split_name(name: str) -> list[str]:
    """The words of a name in snake or camel case, in lower case."""
    return [word.lower() for word in re.split(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])", name) if word]


def alike(one: str, other: str) -> bool:
    """Whether two words share their stem: one without its ending begins the other."""
    short, long = sorted((stem(one), stem(other)), key=len)
    return len(short) > 2 and long.startswith(short)


@lru_cache(maxsize=2048)
def stem(word: str) -> str:
    """A word without its grammatical ending."""
    cut = re.sub(r"(?:ations?|ing|ies|ied|ion|ed|es|s|e|y)$", "", word) if len(word) > 4 else word.removesuffix("s")
    return re.sub(r"(.)\1$", r"\1", cut)


@lru_cache(maxsize=2048)
def plain(text: str) -> str:
    """A text in lower case with signs as blanks, to look words up in."""
    return " ".join(re.split(r"[^\w.@]+|_", text.lower()))


def is_called(name: str, text: str) -> bool:
    """Whether a text in the form of `plain` holds a name as whole words."""
    wanted = plain(name)
    return wanted in text and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def _float(text: str) -> float:
    return float(text.replace(",", "")) if len(text) < 20 else 0.0
