"""What a written policy says of an action: a small reader of rules.

A sentence bears on an action when it speaks of that kind of action, itself or by its heading. It
forbids or permits by its modal words, and its conditions are compared with the facts by shared
terms and by their limits. Exceptions that span sentences are beyond it, and so are sums.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from meta_reward.simulated.judge.episode import Facts
from meta_reward.simulated.judge.language import STOP, acts, concepts, meaning, stem, words
from meta_reward.simulated.judge.limits import SPANS, Limit, is_met, moment_in, read_limits
from meta_reward.simulated.judge.prompt import Line

_PIVOTS = frozenset("if unless only except when where provided until without".split())
_ONLY = ("only", "unless", "except", "without", "until")
DOUBT = 0.3  # a rule that bears on an act less than this is left out
_ASIDE = re.compile(r"\([^)]*\)|[*`]")
_PARTS = re.compile(r";|,\s+(?=no\b)")
_STOP = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of policy. subject and condition: stems before and after the word that opens a condition."""

    acts: frozenset[str]
    forbids: bool
    permits: bool
    pivot: str
    subject: frozenset[str]
    condition: frozenset[str]
    limits: tuple[Limit, ...]
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a policy, and the clock it states."""

    rules: tuple[Rule, ...]
    clock: datetime | None


def read_policy(lines: Sequence[Line]) -> Policy:
    """The rules among lines of policy; terms that most sentences share tell nothing and are left out."""
    return _policy(tuple((line.text, line.heading) for line in lines))


def judge_act(policy: Policy, act: frozenset[str], about: set[str], facts: Facts) -> float:
    """From -1 (the rules forbid it) to 1 (they allow it); 0 where they say nothing of it.

    about: stems of the action's own words.
    """
    verdicts = [_verdict(rule, facts, about, policy.clock) for rule in policy.rules if rule.acts & act]
    allowed, denied = (max([0.0, *(sign * v for v in verdicts if sign * v > DOUBT)]) for sign in (1, -1))
    return max(-1.0, allowed - (1.3 - allowed) * denied)


def support(policy: Policy, act: frozenset[str], said: set[str], facts: Facts) -> float:
    """Whether a refusal's words, where the facts bear them out, come nearer to a ban (1) or to a permission (-1)."""
    grounds = said & (facts.true | facts.false)
    near = {True: 0.0, False: 0.0}
    for rule in policy.rules:
        if rule.acts & act and (rule.forbids or rule.permits or rule.pivot in _ONLY):
            forbids = rule.forbids or rule.pivot in _ONLY
            near[forbids] = max(near[forbids], len(rule.stems & grounds) / (1 + 0.3 * len(rule.stems)))
    return max(-1.0, min(1.0, near[True] - near[False]))


@lru_cache(maxsize=1 << 8)
def _policy(lines: tuple[tuple[str, str], ...]) -> Policy:
    parts = [(piece, heading) for text, heading in lines for piece in _pieces(text)]
    shared = Counter(term for piece, _ in parts for term in set(map(stem, words(piece))))
    common = {term for term, count in shared.items() if count > max(4, 0.25 * len(parts))}
    rules = [_without(rule, common) for part in parts if (rule := _rule(*part))]
    return Policy(tuple(rules), next((when for text, _ in lines if (when := moment_in(text))), None))


def _without(rule: Rule, common: set[str]) -> Rule:
    subject, condition = rule.subject - common, rule.condition - common
    return replace(rule, subject=subject, condition=condition, stems=subject | condition)


@lru_cache(maxsize=1 << 12)
def _pieces(line: str) -> tuple[str, ...]:
    """The sentences of a line; alternatives after a colon each repeat what stands before it."""
    pieces: list[str] = []
    for whole in _STOP.split(_ASIDE.sub("", line)):
        head, colon, tail = whole.partition(": ")
        if colon and ";" in tail:
            action = " ".join(w for w in words(head) if acts([w]))
            modal = "not" if "forbid" in meaning(words(head)) else "may"
            pieces += [f"{modal} {action} if {option}" for option in tail.split(";")]
        else:
            pieces += _PARTS.split(whole)
    return tuple(piece.strip() for piece in pieces if piece.strip())


@lru_cache(maxsize=1 << 12)
def _rule(sentence: str, heading: str) -> Rule | None:
    own = words(sentence)
    found = meaning(own)
    kinds = acts(own) or acts(words(heading))
    if not kinds or not found & {"forbid", "permit", "only", "must"}:
        return None
    at = next((i for i, word in enumerate(own) if word in _PIVOTS), len(own))
    pivot = own[at] if at < len(own) else ""
    subject, condition = _terms(own[:at]), _terms(own[at:], keep_acts=True)
    return Rule(
        frozenset(kinds),
        "forbid" in found,
        "permit" in found,
        pivot,
        subject,
        condition,
        read_limits(sentence),
        subject | condition,
    )


def _terms(some: Sequence[str], *, keep_acts: bool = False) -> frozenset[str]:
    modal = {"forbid", "permit", "only", "must", "if"}
    return frozenset(
        stem(w)
        for w in some
        if w not in STOP
        and not w[0].isdigit()
        and not concepts(w) & modal
        and (keep_acts or not acts([w]))
        and stem(w) not in SPANS
    )


def _verdict(rule: Rule, facts: Facts, about: set[str], clock: datetime | None) -> float:
    met = [is_met(limit, facts.known, clock) for limit in rule.limits]
    known = [one for one in met if one is not None]
    subject, condition = _holds(rule.subject, facts, about), _holds(rule.condition, facts, about)
    whole = max(0.0, _holds(rule.subject | rule.condition, facts, about))
    if known:
        strength = max(0.6, whole)
        if rule.forbids and rule.pivot not in _ONLY:
            return -strength if all(known) else 0.0
        if all(known):
            return 0.9 * strength if rule.permits or rule.pivot else 0.0
        return -0.7 * strength if rule.pivot == "only" else 0.0
    if met:
        return 0.0
    if rule.pivot in _ONLY:
        applies = 0.5 + 0.5 * max(0.0, subject) if rule.subject else 1.0
        return applies * (1.5 * condition - 0.5 if condition > 0 else 0.7 * condition - 0.5)
    if rule.forbids:
        return -whole
    return 0.7 * max(0.0, condition if rule.pivot else 0.8 * subject) if rule.permits else 0.0


def _holds(terms: frozenset[str], facts: Facts, about: set[str]) -> float:
    """From -1 (contradicted) through 0 (nothing known) to 1 (all terms hold)."""
    if not terms:
        return 0.0
    held = sum(1.0 if t in facts.true or t in about else 0.75 if t in facts.said else 0.0 for t in terms - facts.false)
    broken = len(terms & facts.false - facts.true)
    share = held / len(terms)
    return -0.5 - 0.5 * broken / len(terms) if broken else max(0.0, (share - 0.4) / 0.6)
