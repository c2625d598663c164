"""The records of a run: found in arguments and results by their identifiers, and in words by what they are called."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_reward.harness.audit.calls import FAILED, READ, WROTE, Made
from meta_reward.harness.audit.ledger import Entity
from meta_reward.harness.audit.values import DEEPEST, data_in, is_called, is_id, is_id_key, kind_of, plain, tokens
from meta_reward.trajectory import Message

_NAME_KEY = re.compile(r"(?i)(?:^|_)(?:name|title|label|email|login|username|last_four|last4)$|(?<=[a-z])Name$")
_FIRST = re.compile(r"(?i)^(?:first|given)[_ -]?name$")
_LAST = re.compile(r"(?i)^(?:last|family|sur)[_ -]?name$")
_MOST = 3000


@dataclass
class _Found:
    id: str
    kind: str
    fields: dict[str, object] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    named: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)


class Records:
    """All records of a run, each with where it was named, read and written."""

    def __init__(self, calls: Sequence[Made], messages: Sequence[Message]) -> None:
        self._found: dict[str, _Found] = {}
        self._words: dict[int, frozenset[str]] = {}
        for made in calls:
            self._words[made.number] = self._words.get(made.number, frozenset()) | tokens(made.result)
            self._take(made)
        self._called: dict[str, str] = {}
        self._mentioned: dict[str, list[str]] = {}
        self._name()
        for number, message in enumerate(messages, 1):
            if message.role == "user":
                for id in self.mentioned(message.content):
                    self._found[id].named.append(number)

    def __iter__(self) -> Iterator[Entity]:
        for one in self._found.values():
            names = tuple(sorted(name for name, id in self._called.items() if id == one.id.lower()))
            told = (tuple(dict.fromkeys(numbers)) for numbers in (one.named, one.read, one.written))
            yield Entity(one.id, one.kind, names, one.fields, *told)

    def __contains__(self, id: str) -> bool:
        return id in self._found

    def kind(self, id: str) -> str:
        """The kind of a record, by its id in lower case; "" for an unknown one."""
        return self._found[id].kind if id in self._found else ""

    def was_read(self, id: str, before: int) -> bool:
        """Whether a call before this message had shown the record."""
        return id in self._found and any(number < before for number in self._found[id].read)

    def lists(self, id: str, other: str, before: int) -> bool:
        """Whether a result before this message that shows one record also names another."""
        return any(other.lower() in self._words[n] for n in self._found[id].read if n < before)

    def mentioned(self, text: str) -> list[str]:
        """The records that a text names, by their ids in lower case."""
        if text not in self._mentioned:
            words, flat = tokens(text), plain(text)
            direct = [id for id in self._found if id in words]
            called = [id for name, id in self._called.items() if id not in direct and is_called(name, flat)]
            self._mentioned[text] = list(dict.fromkeys(direct + called))
        return self._mentioned[text]

    def _take(self, made: Made) -> None:
        if made.kind == FAILED:
            for key, value in made.targets:
                self._get(key, value)
            return
        for key, value in made.targets:
            self._get(key, value)
        about = [value.lower() for _, value in made.targets]
        shown = list(_records_in(data_in(made.result)))
        if made.kind == READ and len(about) == 1 and isinstance(data := data_in(made.result), dict):
            shown.append((about[0], "", data))
        for id, key, data in shown[:_MOST]:
            one = self._get(key, id)
            one.read.append(made.number)
            one.fields |= {name: value for name, value in data.items() if isinstance(value, str | int | float)}
            one.names |= set(_names_in(data))
        for id in about if made.kind == READ else ():
            self._found[id].read.append(made.number)
        for id in made.ids if made.kind == WROTE else ():
            if id in self._found:
                self._found[id].written.append(made.number)

    def _get(self, key: str, id: str) -> _Found:
        one = self._found.setdefault(id.lower(), _Found(id, kind_of(key)))
        if one.kind == "record" and key:
            one.kind = kind_of(key)
        return one

    def _name(self) -> None:
        """Give each record the names that it shares with no other."""
        holders: dict[str, set[str]] = {}
        for id, one in self._found.items():
            digits = re.search(r"(?<![a-z0-9])\d{4,}$", id)
            for name in one.names | ({digits[0]} if digits else set()):
                if name != id and name not in self._found:
                    holders.setdefault(name, set()).add(id)
        self._called = {name: next(iter(ids)) for name, ids in holders.items() if len(ids) == 1}


def _records_in(data: Any, parent: str = "", depth: int = 0) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The objects of a result that have an identifier: it, its field's name, and the object."""
    if isinstance(data, list) and depth <= DEEPEST:
        for item in data:
            yield from _records_in(item, parent, depth + 1)
    if not isinstance(data, dict) or depth > DEEPEST:
        return
    own = next(((k, v) for k, v in data.items() if is_id_key(k) and is_id(k, v)), None)
    if own is not None and len(data) > 1:
        yield own[1], own[0] if kind_of(own[0]) != "record" else f"{parent.removesuffix('s')}_id", data
    for key, value in data.items():
        if isinstance(value, dict) and is_id(parent and "id", key) and key not in value.values():
            yield key, f"{parent.removesuffix('s')}_id", value
        yield from _records_in(value, str(key), depth + 1)


def _names_in(data: dict[str, Any]) -> Iterator[str]:
    """What a record is called, in lower case."""
    for key, value in data.items():
        if isinstance(value, str) and _NAME_KEY.search(key) and 3 <= len(value) <= 60:
            if not (_FIRST.search(key) or _LAST.search(key)):
                yield value.lower()
        elif isinstance(value, dict) and _NAME_KEY.search(key):
            yield from _whole_name(value)
    yield from _whole_name(data)


def _whole_name(data: dict[str, Any]) -> Iterator[str]:
    first = next((v for k, v in data.items() if _FIRST.search(k) and isinstance(v, str)), "")
    last = next((v for k, v in data.items() if _LAST.search(k) and isinstance(v, str)), "")
    if first and last:
        yield f"{first} {last}".lower()
