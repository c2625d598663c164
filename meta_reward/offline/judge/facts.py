"""What the records say: the values of keys, what holds and what does not, numbers and moments.

Gathered from what is shown of tool results about the relevant records: JSON or `key: value`, complete or
truncated. Values that stand side by side are treated as rivals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from meta_reward.offline.judge.episode import Change, Episode, mentions, named_by_customer, shape
from meta_reward.offline.judge.language import STOP, name_words, phrase, stem, words
from meta_reward.offline.judge.limits import COUNT_OF, SMALL, WANTED, Quantity, moment_in
from meta_reward.offline.judge.transcript import CUSTOMER, TOOL

_VALUE = re.compile(
    r"[\"']?(?P<key>[A-Za-z_][\w.\-]*(?: [\w\-]+){0,2})[\"']?\s*[:=]\s*"
    r"(?P<value>\"(?:[^\"\\]|\\.){0,200}\"|'[^'\n]{0,200}'|[\w.+\-$#]+(?: [\w.+\-$#]+){0,3}|\[\])"
)
_LIST = re.compile(r"[\"']([\w.\-]+)[\"']\s*:\s*\[([^\[\]]+)\]")
_COUNTS = re.compile(r"\"(\w+)\":\s*\{((?:\s*\"\w+\": -?\d+(?:\.\d+)?,?)+)\}")
_FALSE = frozenset(("no", "false", "none", "null", "[]", "", "never", "not", "n/a"))
_TRUE = frozenset(("yes", "true"))
_BOOL = frozenset(("yes", "true", "no", "false", "null"))
_WORDS = re.compile(r"[A-Za-z][A-Za-z_ -]{1,30}")
_MORE = re.compile(r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?:more|extra|additional) ([a-z]+)")
_MANY = re.compile(r"\b(\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:of (us)|([a-z]+))")
MONEY = re.compile(r"amount|fee|price|cost|charge|total|paid|payment|refund|fare", re.I)
_OPENING = 60  # characters of a record in which it names itself


@dataclass(slots=True)
class Facts:
    """What is known. Words and phrases are stems.

    true, false: keys that hold or do not. values: the values of each key. rivals: by value, others that
    could stand in its place. known: numbers and moments. said: the customer's words.
    """

    true: set[str] = field(default_factory=set)
    false: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    rivals: dict[str, set[str]] = field(default_factory=dict)
    known: list[Quantity] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    priced: set[str] = field(default_factory=set)
    asked: list[Quantity] = field(default_factory=list)
    said: frozenset[str] = frozenset()
    foreign: bool = False


def facts_about(episode: Episode, change: Change | None = None) -> Facts:
    """What the results before a change, or before the end, say about the relevant records.

    These are the records that the change names, or else the customer, and those that they name in turn; all
    records if none is named. A list of records counts for none of them.
    """
    seen = episode.turns[: change.index] if change else episode.turns[: _decided(episode)]
    named = {name for name, sign in named_by_customer(seen).items() if sign > 0}
    keys = set(change.values if change else ()) or named
    results = [turn.text for turn in seen if turn.role == TOOL and not turn.failed]
    facts = Facts(said=frozenset(stem(w) for t in seen if t.role == CUSTOMER for w in words(t.text)))
    for text in _near(results, keys):
        _gather(text, facts)
    for text in results:
        _gather_rivals(text, facts)
    wanted = " ".join(t.text for t in seen if t.role == CUSTOMER and not t.name)
    facts.known += _wanted(wanted, facts.known)
    facts.foreign = _is_foreign(results, named | keys)
    if change:
        asked = Facts()
        _gather(change.arguments, asked)
        facts.asked = asked.known
        facts.known = asked.known + [q for q in facts.known if not any(q.key == own.key for own in asked.known)]
    return facts


def _decided(episode: Episode) -> int:
    """The turn by which an agent that changed nothing had decided."""
    looked = next((i for i, turn in enumerate(episode.turns) if turn.role == TOOL), 0)
    said = [at for at, _ in episode.refusals if at > looked]
    return said[0] if said else len(episode.turns)


def _near(results: list[str], keys: set[str]) -> list[str]:
    lists = [mentions(items) for text in results for _, items in _LIST.findall(text)]
    siblings = set().union(*(named for named in lists if named & keys)) - keys
    own = [
        mentions(text)
        for text in results
        if keys & mentions(text[:_OPENING]) and not siblings & mentions(text[:_OPENING])
    ]
    reach = keys.union(*own) - siblings
    near = [text for text in results if reach & mentions(text[:_OPENING]) and not siblings & mentions(text[:_OPENING])]
    return near or results


def _is_foreign(results: list[str], named: set[str]) -> bool:
    """Whether something the customer names is in no result, though a list of its kind is, or names another owner."""
    listed = {name for text in results for _, items in _LIST.findall(text) for name in mentions(items)}
    seen = mentions("\n".join(results))
    if any(shape(name) in set(map(shape, listed)) for name in named - seen):
        return True
    shapes = set(map(shape, named))
    for text in results:
        opening = mentions(text[:_OPENING])
        if opening & named - listed and any(shape(other) in shapes for other in opening - named - listed):
            return True
    return False


def _gather(text: str, facts: Facts) -> None:
    said = _said_by(text)
    facts.true |= said.true
    facts.false |= said.false
    facts.keys |= said.keys
    facts.known += said.known
    for key, values in said.values.items():
        facts.values.setdefault(key, set()).update(values)


@lru_cache(maxsize=1 << 12)
def _said_by(text: str) -> Facts:
    """The facts of one text, which are not to be changed."""
    facts = Facts()
    pairs = _pairs(text)
    record = frozenset(map(stem, name_words(pairs[0][0]))) if pairs else frozenset()
    for name, value in pairs:
        key = frozenset(stem(w) for w in name_words(name) if w not in STOP)
        facts.keys |= key
        when = moment_in(value)
        if when is not None:
            facts.known.append(Quantity(key | record, when))
        elif value.lower() in _FALSE:
            facts.false.update(key)
        elif value.lower() in _TRUE:
            facts.true.update(key)
        elif value.replace(".", "", 1).isdigit():
            facts.known.append(Quantity(key, float(value)))
        if when is None and _is_in_words(value):
            for part in key:
                facts.values.setdefault(part, set()).add(phrase(name_words(value)))
    for name, items in _LIST.findall(text):
        facts.known.append(Quantity(frozenset(map(stem, name_words(name))), float(_length(items))))
    return facts


@lru_cache(maxsize=1 << 12)
def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The keys in a text with their values, as they stand there."""
    return tuple((found["key"], found["value"].strip("\"'")) for found in _VALUE.finditer(text))


def _is_in_words(value: str) -> bool:
    return _WORDS.fullmatch(value) is not None and value.lower() not in _BOOL


def _length(items: str) -> int:
    return items.count("{") or items.count(",") + 1


def _gather_rivals(text: str, facts: Facts) -> None:
    """Values of one key in several records, and names of counts that stand side by side, exclude each other."""
    for key, group in _groups(text).items():
        known = set().union(*(facts.values.get(stem(w), set()) for w in name_words(key)))
        add_rivals(facts.rivals, group | known)
    for of, names in _counts(text):
        add_rivals(facts.rivals, names)
        facts.keys -= names
        facts.priced |= names if MONEY.search(of) else set()


@lru_cache(maxsize=1 << 12)
def _groups(text: str) -> dict[str, set[str]]:
    """The values in words of each key of a text."""
    groups: dict[str, set[str]] = {}
    for key, value in _pairs(text):
        if _is_in_words(value):
            groups.setdefault(key.lower(), set()).add(phrase(name_words(value)))
    return groups


@lru_cache(maxsize=1 << 12)
def _counts(text: str) -> list[tuple[str, set[str]]]:
    """The names of counts that stand side by side in a text, with what they are counts of."""
    return [
        (of, {phrase(name_words(name)) for name in re.findall(r"\"(\w+)\"", body)})
        for of, body in _COUNTS.findall(text)
    ]


def add_rivals(rivals: dict[str, set[str]], group: Iterable[str]) -> None:
    """Record that any two of a group exclude each other."""
    members = set(group)
    for member in members:
        rivals.setdefault(member, set()).update(members - {member})


def _wanted(text: str, known: list[Quantity]) -> list[Quantity]:
    """Quantities that the customer asks for: `two more bags` on top of what there is, `eight of us`."""
    spoken = " ".join(words(text))
    out = []
    for number, unit in _MORE.findall(spoken):
        now = [q.value for q in known if isinstance(q.value, float) and stem(unit) in q.key]
        out.append(Quantity(frozenset((stem(unit), WANTED)), float(SMALL.get(number, number)) + max(now, default=0.0)))
    for number, us, unit in _MANY.findall(spoken):
        key = COUNT_OF.get("us" if us else stem(unit))
        if key:
            out.append(Quantity(frozenset((key, WANTED)), float(SMALL.get(number, number))))
    return out
