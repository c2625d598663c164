"""What a written policy says of an act, given what the records show: permitted, forbidden, or unclear.

The relevant clauses are those that mention the act, or stand under a heading or in a paragraph that does. Each
holds, fails or stays open, by what is known: values in the records and what excludes them, numbers and moments
compared with limits, the reason the customer gave. Then the usual rules of interpretation apply: a clause whose
conditions are known to hold beats one that says less, an exception beats its rule, `otherwise` yields to what
precedes it, and if every condition under which something is permitted fails, it is forbidden.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from meta_reward.offline.judge.clauses import Clause, Condition, Group, kinds_in
from meta_reward.offline.judge.facts import Facts
from meta_reward.offline.judge.language import concepts
from meta_reward.offline.judge.limits import is_met
from meta_reward.offline.judge.policy import Policy

LONGEST_PHRASE = 3
# What a clause amounts to: it permits or forbids for a known reason, does so in general, forbids something
# similar, forbids only what is not the case, permits what is not the case, or is undecided.
ALLOWED, DENIED, PLAIN, DOUBT, UNMET = "allowed", "denied", "plain", "doubt", "unmet"
FAILED, FAILED_ALONE, OPEN, NOTHING = "failed", "failed alone", "open", "nothing"
NEAR = 0.75  # of the best bearing: clauses that bear less are not considered


@dataclass(frozen=True, slots=True)
class Act:
    """An act to be ruled on: its kinds, and stems of what it acts upon."""

    kinds: frozenset[str]
    things: frozenset[str]


def rule_on(policy: Policy, act: Act, facts: Facts) -> float:
    """What a policy says of an act: from -1, forbidden, to 1, permitted; near 0 it is unclear."""
    bearing = {clause: b for clause in policy.clauses if (b := bears(clause, act, policy))}
    if not bearing:
        return 0.0
    best = max(bearing.values())
    judged = [(c, b, holds(c, policy, facts)) for c, b in bearing.items() if b >= NEAR * best]
    return _weigh(judged, act, facts, policy)


def bears(clause: Clause, act: Act, policy: Policy) -> float:
    """How far a clause bears on an act, from 0 to 1: by what it, its heading or its paragraph speaks of."""
    own = kinds_in(clause.own) if act.kinds else frozenset()
    title = kinds_in(clause.heading) if act.kinds else frozenset()
    things = act.things - policy.common
    elsewhere = 0.6 if title and not title & act.kinds else 1.0
    if own & act.kinds:
        return elsewhere
    if own:
        return 0.4 if clause.own & things else 0.0
    if title & act.kinds or clause.heading & things:
        return 0.9
    if kinds_in(clause.around) & act.kinds:
        return 0.8 * elsewhere
    return elsewhere * (0.6 if clause.own & things else 0.5 if clause.around & things else 0.0)


def _weigh(judged: list[tuple[Clause, float, bool | None]], act: Act, facts: Facts, policy: Policy) -> float:
    before = any(held and c.sign > 0 and not c.otherwise and _conditioned(c, policy, facts) for c, _, held in judged)
    most = dict.fromkeys((ALLOWED, DENIED, PLAIN, DOUBT, UNMET, FAILED, FAILED_ALONE, OPEN), 0.0)
    for clause, bearing, held in judged:
        if not (clause.otherwise and before and _told(clause, policy, facts)):
            says, weight = _says(clause, bearing, held, act, facts, policy)
            most[says] = max(most.get(says, 0.0), weight)
    failed = max(most[FAILED], most[FAILED_ALONE])
    if most[DENIED] > 0.5 and most[DENIED] >= 0.7 * most[ALLOWED]:
        return -most[DENIED]
    if most[ALLOWED]:
        return most[ALLOWED]
    if failed and (most[FAILED_ALONE] or not (most[OPEN] or most[PLAIN])):
        return -0.8 * failed
    verdict = most[PLAIN] - 0.9 * most[DOUBT]
    return verdict if verdict or most[OPEN] else 0.35 * most[UNMET]


def _says(
    clause: Clause, bearing: float, held: bool | None, act: Act, facts: Facts, policy: Policy
) -> tuple[str, float]:
    """What a clause that holds, fails or is open comes to for an act, and how much that weighs."""
    told = _told(clause, policy, facts)
    special = bearing * min(1.0, sum(1 / policy.counts[thing] for thing in clause.own & act.things))
    excepted = _any(clause.excepted, policy, facts) if clause.excepted else False
    if held is None:
        return OPEN, bearing
    if clause.sign < 0:
        if not held:
            return UNMET, bearing
        if excepted:
            return ALLOWED, bearing
        return (DENIED, bearing * (0.6 if excepted is None else 1.0)) if told else (DOUBT, special)
    if not held:
        labels = clause.priced and all(c.subject for group in clause.needs for c in group)
        return NOTHING if labels else FAILED_ALONE if clause.only else FAILED, bearing
    if excepted:
        return DENIED, bearing
    if _conditioned(clause, policy, facts):
        return ALLOWED, bearing
    return PLAIN, 0.7 * bearing if told else 0.3 * bearing + 0.6 * special


def _conditioned(clause: Clause, policy: Policy, facts: Facts) -> bool:
    """Whether a condition that a clause states, beyond what it is about, is known to hold."""
    stated = (group for group in clause.needs if any(not c.subject or (c.limits and not clause.only) for c in group))
    return any(_any(group, policy, facts) for group in stated)


def holds(clause: Clause, policy: Policy, facts: Facts) -> bool | None:
    """Whether all conditions of a clause hold; None if that is open."""
    results = [_any(group, policy, facts) for group in clause.needs]
    if False in results:
        return False
    asked = (r for group, r in zip(clause.needs, results, strict=True) if not all(c.subject for c in group))
    return None if None in asked else True


def certainty(clause: Clause, policy: Policy, facts: Facts) -> int:
    """How many values and limits of the case a clause speaks of."""
    conditions = [c for group in clause.needs for c in group if _met(c, policy, facts)]
    return sum(1 + len(c.limits) + len(list(_values(c.stems, policy, facts))) for c in conditions)


def _told(clause: Clause, policy: Policy, facts: Facts) -> bool:
    return any(_any(group, policy, facts) is not None for group in clause.needs)


def _any(group: Group, policy: Policy, facts: Facts) -> bool | None:
    results = [_met(condition, policy, facts) for condition in group]
    if True in results:
        return True
    return None if None in results or not results else False


def _met(condition: Condition, policy: Policy, facts: Facts) -> bool | None:
    """Whether a condition holds; None if not all of it is known."""
    told = [is_met(limit, facts.known, policy.clock) for limit in condition.limits]
    told += _values(condition.stems, policy, facts)
    told += _states(condition, facts) if not told else []
    told += _reasons(condition, facts) if not any(told) or not condition.subject else []
    if not told:
        return None
    held = False if False in told else None if None in told else True
    return held if held is None or not condition.negated else not held


def _values(stems: tuple[str, ...], policy: Policy, facts: Facts) -> Iterable[bool]:
    """For each phrase that is a value of some key, whether the key has it; for each yes-or-no key, whether it holds."""
    values = {value for known in facts.values.values() for value in known}
    rest = list(stems)
    for size in range(LONGEST_PHRASE, 0, -1):
        for start in range(len(rest) - size + 1):
            some = " ".join(rest[start : start + size])
            known = _value(some, values, policy, facts)
            if known is not None:
                rest[start : start + size] = [""] * size
                yield known
    for word in rest:
        if word in facts.true or word in facts.false:
            yield word in facts.true


def _value(some: str, values: set[str], policy: Policy, facts: Facts) -> bool | None:
    if not some.strip() or some.split() != some.split(" "):
        return None
    if some in values and some not in facts.keys:
        return True
    if facts.rivals.get(some, set()) & values and some not in facts.keys:
        return False
    for key, beside in policy.beside.items():
        if some in beside and facts.values.get(key, set()) & policy.vocabulary and some not in facts.keys:
            return False
    for labels in policy.labels:
        if some in labels and labels & values:
            return False
    return None


def _states(condition: Condition, facts: Facts) -> list[bool]:
    """A participle is a state: it holds where a status says so, and fails where the status is another."""
    known = {v for key in ("statu", "state") for v in facts.values.get(key, ())}
    ends = set(condition.ends)
    return [bool(ends & {w for v in known for w in v.split()})] if ends and known else []


def _reasons(condition: Condition, facts: Facts) -> list[bool | None]:
    """A reason holds where the customer gave it, and fails where the customer gave another."""
    named = {c for s in condition.stems for c in concepts(s) if c.startswith("reason:")}
    given = {c for s in facts.said for c in concepts(s) if c.startswith("reason:")}
    return [bool(named & given) if given else None] if named else []
