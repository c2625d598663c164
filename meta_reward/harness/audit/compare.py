"""Whether a written value was given, and whether it differs from what the user had agreed to."""

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Any

from meta_reward.harness.audit.calls import Made
from meta_reward.harness.audit.run import Run
from meta_reward.harness.audit.speech import says_free, says_more
from meta_reward.harness.audit.values import (
    counts_of,
    dates_in,
    ids_in,
    is_called,
    is_date,
    is_id,
    is_money_key,
    money_in,
    numbers_in,
    plain,
    shape,
)

_MOST_WORDS = 4
_MISSPELT = 0.8
_MOST_COMPARED = 400


def is_given(value: Any, key: str, given: Sequence[str], confirmed: Sequence[str]) -> bool:
    """Whether a written value has a source. given: texts of users, results, policy; confirmed: offers agreed to.

    Free text, codes of up to three letters, 0 and 1, and multiples of a given number need none.
    """
    if isinstance(value, bool):
        return True
    every = (*given, *confirmed)
    if isinstance(value, int | float):
        return abs(value) <= 1 or any(_has_number(text, abs(float(value))) for text in every)
    text = str(value)
    if is_date(text):
        return any(dates_in(text[:10]) & dates_in(other) for other in every)
    if is_id(key, text):
        return any(text.lower() in other.lower() for other in given)
    if re.fullmatch(r"-?\d[\d,]*(\.\d+)?", text):
        return any(text in other or numbers_in(text) & numbers_in(other) for other in every)
    if len(text.split()) > _MOST_WORDS or len(text) < 4 or not re.search("[A-Za-z]", text):
        return True
    words = [plain(text)] if len(text.split()) == 1 else [word for word in plain(text).split() if len(word) > 2]
    return all(any(word in plain(other) for other in every) for word in words)


def _has_number(text: str, value: float) -> bool:
    known = numbers_in(text)
    return bool(known & {value, -value}) or any(value / count in known for count in range(2, 10))


def differs(run: Run, made: Made, key: str, value: Any, agreed: str, options: tuple[str, ...]) -> str:
    """The value that the user had agreed to instead of a written one; empty if they agreed to it, or named none."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return _other_number(made, key, float(value), agreed)
    text = str(value)
    if options:
        return _other_option(text, agreed, options)
    if is_date(text):
        return _other_date(made, text, agreed)
    if is_id(key, text):
        return _other_id(run, made, text, agreed)
    seen = is_given(text, key, run.given(made.number), ())
    return "" if seen else _other_spelling(text, agreed)


def _other_number(made: Made, key: str, value: float, agreed: str) -> str:
    if value in numbers_in(agreed) or (value == 0 and says_free(agreed)):
        return ""
    if is_money_key(key):
        own = {float(v) for _, v in made.values if isinstance(v, int | float)}
        told = money_in(agreed) - own
        composed = {a + b for a in told for b in told} | {a - b for a in told for b in told if a != b} | {sum(told)}
        return _listed(told) if told and value not in composed else ""
    counted = frozenset() if says_more(agreed) else counts_of(key, agreed)
    return _listed(counted) if len(counted) == 1 and value not in counted else ""


def _other_option(text: str, agreed: str, options: tuple[str, ...]) -> str:
    flat = plain(agreed)
    others = [one for one in options if one != text and is_called(one, flat)]
    return others[0] if len(others) == 1 and not is_called(text, flat) else ""


def _other_date(made: Made, text: str, agreed: str) -> str:
    own = {date for _, value in made.values if is_date(value) for date in dates_in(str(value))}
    told = dates_in(agreed)
    others = told - own
    return ", ".join(f"{month}/{day}" for month, day in sorted(others)) if others and not dates_in(text) & told else ""


def _other_id(run: Run, made: Made, text: str, agreed: str) -> str:
    if run.holds(agreed, text):
        return ""
    named = set(run.records.mentioned(agreed)) | ids_in(agreed)
    kind = run.records.kind(text.lower())
    like = {id for id in named if shape(id) == shape(text) and run.records.kind(id) in (kind, "")}
    others = like - set(made.ids)
    return ", ".join(sorted(run.written_as(others)))


def _other_spelling(text: str, agreed: str) -> str:
    """The words of an offer that are nearly the same as a written name."""
    flat, wanted = plain(agreed), plain(text)
    size = len(wanted.split())
    if not 1 <= size <= _MOST_WORDS or len(wanted) < 5 or wanted in flat or not wanted.replace(" ", "").isalpha():
        return ""
    words = flat.split()[:_MOST_COMPARED]
    near = difflib.get_close_matches(
        wanted, {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}, n=1, cutoff=_MISSPELT
    )
    return near[0] if near and near[0] != wanted else ""


def _listed(numbers: Collection[float]) -> str:
    return ", ".join(f"{value:g}" for value in sorted(numbers))
