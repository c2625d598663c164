"""What a written policy says of an act: a small reader of rules.

A sentence bears on an act when it, its paragraph or its heading speaks of that kind of act or of the
thing acted upon. Its modal words say whether it forbids or permits; what decides is whether its
conditions hold: words that are values in the records, or rule out the value that is there, and
limits. Where every condition under which something is permitted fails, it is forbidden. Sums, and
exceptions that span paragraphs, are beyond it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from meta_reward.simulated.judge.episode import Facts
from meta_reward.simulated.judge.language import STOP, acts, concepts, meaning, stem, words
from meta_reward.simulated.judge.limits import SPANS, Limit, is_met, moment_in, read_limits
from meta_reward.simulated.judge.prompt import Line

_ASIDE = re.compile(r"\([^)]*\)|[*`]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PRICE = re.compile(r"[A-Z]{3} \d|[$€£]\d")
_ALTERNATIVE = re.compile(r";|,\s+(?=no\b|none\b|never\b|free\b|[A-Z]{3} \d|[$€£]\d)")
_EXCEPTION = re.compile(r"\b(?:unless|except|other than|apart from)\b", re.I)
_ONLY = frozenset("only solely exclusively".split())
_IF = frozenset("if when where whose who provided until".split())
DOUBT = 0.35  # what rules say less clearly than this counts for nothing
SHORT = 2  # words before a colon that are a condition, such as a category, rather than a statement
_MODAL = frozenset(("forbid", "permit", "only", "must", "if"))


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold: stems, any of which may be a value of the records, and limits."""

    terms: frozenset[str]
    limits: tuple[Limit, ...]
    either: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One clause of policy, where it stands, and what it says. sign: -1 forbids, 1 permits.

    conditional: whether it says when it applies, so that its failing tells something.
    """

    sign: int
    only: bool
    conditional: bool
    condition: Condition
    exception: Condition | None
    own: frozenset[str]
    around: frozenset[str]
    heading: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a policy, the clock it states, and its words.

    beside: by each word those that stand where its value would, as in `W key` and `key is W`.
    """

    rules: tuple[Rule, ...]
    clock: datetime | None
    beside: dict[str, frozenset[str]]
    vocabulary: frozenset[str]


@dataclass(frozen=True, slots=True)
class Act:
    """An act to be judged: its kinds, and stems of what it acts upon."""

    kinds: frozenset[str]
    things: frozenset[str]


def read_policy(lines: Sequence[Line]) -> Policy:
    """The rules among lines of policy."""
    return _policy(tuple((line.text, line.heading) for line in lines))


def judge_act(policy: Policy, act: Act, facts: Facts) -> float:
    """From -1 (the rules forbid it) to 1 (they allow it); 0 where they say nothing of it."""
    denied = allowed = failed = open_ = 0.0
    for rule in policy.rules:
        bearing = _bearing(rule, act)
        if not bearing:
            continue
        verdict, conditions_fail = _verdict(rule, policy, facts)
        told = bearing * verdict
        if abs(told) > DOUBT:
            allowed, denied = max(allowed, told), max(denied, -told)
        failed += bearing * conditions_fail
        open_ += bearing * (rule.sign > 0 and not verdict and not conditions_fail)
    if failed and not allowed:
        denied = max(denied, 0.5 * failed / (failed + 2 * open_))
    verdict = max(-1.0, min(1.0, allowed - denied * (1.2 - 0.8 * allowed)))
    return verdict if abs(verdict) > DOUBT else 0.0


@lru_cache(maxsize=1 << 8)
def _policy(lines: tuple[tuple[str, str], ...]) -> Policy:
    rules = [rule for text, heading in lines for rule in _rules(text, heading)]
    beside: dict[str, frozenset[str]] = {}
    for text, _ in lines:
        spoken = words(text)
        for first, then, last in zip(spoken, spoken[1:], (*spoken[2:], ""), strict=False):
            key, value = (first, last) if then in ("is", "are") else (then, first)
            if value and value not in STOP and not acts([value]):
                beside[stem(key)] = beside.get(stem(key), frozenset()) | {stem(value)}
    clock = next((when for text, _ in lines if (when := moment_in(text))), None)
    return Policy(tuple(rules), clock, beside, frozenset(stem(w) for text, _ in lines for w in words(text)))


@lru_cache(maxsize=1 << 12)
def _rules(line: str, heading: str) -> tuple[Rule, ...]:
    """The rules of a line. Alternatives after a colon share its act, its modal and, if it is short, its condition."""
    plain = _ASIDE.sub("", line)
    around, title = _signs(words(plain)), _signs(words(heading))
    found: list[Rule | None] = []
    for sentence in _SENTENCE.split(plain):
        head, colon, tail = sentence.partition(": ")
        parts = _ALTERNATIVE.split(tail if colon else sentence)
        if not colon or len(parts) == 1:
            found += [_rule(part, _signs(words(part)), around, title) for part in parts]
            continue
        spoken = words(head)
        shared, default = (f"{head} " if len(spoken) <= SHORT else ""), _sign(spoken) or 1
        for part in parts:
            rule = _rule(shared + part, _signs(words(head)) or _signs(words(part)), around, title, default)
            found.append(replace(rule, conditional=rule.conditional or bool(set(spoken) & _IF)) if rule else None)
        if set(spoken) & _ONLY:
            found.append(_rule(head, _signs(spoken), around, title))
    return tuple(rule for rule in found if rule)


def _rule(
    clause: str, own: frozenset[str], around: frozenset[str], title: frozenset[str], default: int = 0
) -> Rule | None:
    """The rule of a clause, if it is one. default: its sign where it has no modal of its own."""
    split = _EXCEPTION.search(clause)
    main, rest = (clause[: split.start()], clause[split.end() :]) if split else (clause, "")
    spoken, condition = words(main), _condition(main)
    sign = _sign(spoken) or default or int(bool(_PRICE.search(main)))
    conditional = bool(set(spoken) & _IF or condition.limits)
    only = bool(_ONLY & set(spoken))
    if not (sign or conditional or only):
        return None
    return Rule(sign or 1, only, conditional, condition, _condition(rest) if rest.strip() else None, own, around, title)


def _sign(spoken: Sequence[str]) -> int:
    bans = sum("forbid" in concepts(w) for w in spoken)
    return 0 if bans > 1 else -1 if bans else int("permit" in meaning(spoken))


def _signs(spoken: Sequence[str]) -> frozenset[str]:
    """By what a rule is known to bear on an act: kinds of action, and stems."""
    return frozenset(acts(spoken)) | frozenset(stem(w) for w in spoken if w not in STOP and not acts([w]))


def _condition(text: str) -> Condition:
    spoken = words(text)
    terms = (stem(w) for w in spoken if w not in STOP and not w[0].isdigit() and not concepts(w) & _MODAL)
    return Condition(frozenset(t for t in terms if t not in SPANS), read_limits(text), "or" in spoken)


def _bearing(rule: Rule, act: Act) -> float:
    """How far a rule bears on an act: by its heading, by itself, or by its paragraph."""
    if rule.heading & act.kinds:
        other_things = len(rule.heading) > len(rule.heading & act.kinds)
        return 0.4 if other_things and not rule.heading & act.things else 1.0
    elsewhere = 0.5 if _kinds(rule.heading) else 1.0
    if rule.heading & act.things:
        return 0.8 * elsewhere
    if rule.own & act.kinds:
        return elsewhere * (0.9 if rule.own & act.things else 0.6)
    if _kinds(rule.own):
        return 0.0
    return elsewhere * (0.9 if rule.around & act.kinds else 0.6 if rule.own & act.things else 0.0)


def _kinds(signs: Iterable[str]) -> bool:
    return any(sign.startswith("act:") for sign in signs)


def _verdict(rule: Rule, policy: Policy, facts: Facts) -> tuple[float, float]:
    """What a rule says where it applies, and whether it is a permission whose conditions are known to fail."""
    holds = _holds(rule.condition, policy, facts)
    excepted = _holds(rule.exception, policy, facts) if rule.exception else -1.0
    if rule.only:
        return (0.3 if holds > 0 else 0.8 * holds), 0.0
    if holds <= 0:
        return 0.0, float(holds < 0 < rule.sign and rule.conditional)
    if rule.sign < 0:
        return (0.8 if excepted > 0 else -holds * (0.6 if excepted == 0 else 1.0)), 0.0
    return (0.0 if excepted > 0 else holds), 0.0


def _holds(condition: Condition, policy: Policy, facts: Facts) -> float:
    """1 where it is known to hold, -1 where it is known to fail, 0 where neither, parts in between."""
    met = [is_met(limit, facts.known, policy.clock) for limit in condition.limits]
    told = [known for known in (*_values(condition.terms, policy, facts), *met) if known is not None]
    if not told:
        return 0.0
    held = any(told) if condition.either else all(told)
    return (0.5 if None in met else 1.0) if held else -1.0


def _values(terms: frozenset[str], policy: Policy, facts: Facts) -> list[bool]:
    """For each key of the records that terms speak of: whether its value is one of them."""
    told = [True] * bool(terms & facts.true) + [False] * bool(terms & facts.false - facts.true)
    for key, values in facts.values.items():
        rivals = terms & policy.beside.get(key, frozenset()) - facts.values.keys()
        if values & policy.vocabulary and (rivals or terms & values):
            told.append(bool(terms & values))
    return told
