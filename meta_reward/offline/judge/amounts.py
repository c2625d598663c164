"""What an act costs or yields under the policy that was shown, and whether an amount agrees with that.

A price counts if its clause applies to the act and its conditions hold; of several, the most specific one.
`for each X` multiplies by the number of X in the records. Amounts in the records, and what is left of them
after a price is deducted, count as well.
"""

import re
from collections.abc import Iterable

from meta_reward.offline.judge.clauses import Clause
from meta_reward.offline.judge.facts import MONEY, Facts
from meta_reward.offline.judge.language import name_words, stem
from meta_reward.offline.judge.limits import COUNT_OF, counts
from meta_reward.offline.judge.policy import Policy
from meta_reward.offline.judge.rules import Act, bears, certainty, holds

_PRICE = re.compile(r"(?:[A-Z]{3} |[$€£])(\d+(?:\.\d+)?)|\b(\d+(?:\.\d+)?) (?:dollars|euros|pounds)\b")
_FREE = re.compile(r"\bfree\b(?! (?:bag|checked))", re.I)
_EACH = re.compile(r"\b(?:for each|per|each)(?: of the)? ([a-z]+)", re.I)
_ARGUMENT = re.compile(r"[\"']([\w ]+)[\"']\s*:\s*(\d+(?:\.\d+)?)(?=\s*[,}])")
MOST = 12


def is_due(arguments: str, policy: Policy, act: Act, facts: Facts) -> bool | None:
    """Whether the amounts among a call's arguments follow from policy and records; None if neither says."""
    asked = [float(n) for key, n in _ARGUMENT.findall(arguments) if MONEY.search(key)]
    due = amounts_due(policy, act, facts)
    if not asked or not due:
        return None
    return all(any(abs(amount - other) < 0.5 for other in due) for amount in asked)


def amounts_due(policy: Policy, act: Act, facts: Facts) -> set[float]:
    """The amounts that follow from the clauses on an act, with the remainders of recorded sums; empty without any."""
    found = [(certainty(c, policy, facts), c) for c in policy.clauses if _is_priced(c) and bears(c, act, policy) > 0.75]
    found = [(sure, clause) for sure, clause in found if holds(clause, policy, facts)]
    most = max((sure for sure, _ in found), default=0)
    prices = {amount for sure, clause in found if sure == most for amount in _amounts(clause, facts)}
    sums = {s * n for s in _sums(facts) for n in {1.0, *counts(COUNT_OF["us"], facts.known)}}
    return prices | {s - p for s in sums for p in {0.0, *prices}} if prices else set()


def _is_priced(clause: Clause) -> bool:
    return clause.sign > 0 and bool(_PRICE.search(clause.text) or _FREE.search(clause.text))


def _amounts(clause: Clause, facts: Facts) -> Iterable[float]:
    prices = [float(a or b) for a, b in _PRICE.findall(clause.text)]
    each = _EACH.search(clause.text)
    unit = stem(each[1].lower()) if each else ""
    if unit in COUNT_OF:
        times = counts(COUNT_OF[unit], facts.known) or [float(n) for n in range(1, MOST)]
    else:
        times = [float(n) for n in range(MOST)] if unit else [1.0]
    yield from (price * n for price in prices for n in times)
    if "half" in clause.text.lower():
        yield from (price * n / 2 for price in prices for n in times)
    if not prices:
        yield 0.0


def _sums(facts: Facts) -> set[float]:
    """The sums of money on record."""
    names = {stem(w) for w in name_words("amount fee price cost charge total paid fare balance")}
    return {
        float(q.value)
        for q in facts.known
        if q not in facts.asked and isinstance(q.value, float) and (q.key & names or q.key & facts.priced)
    }
