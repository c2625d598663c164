"""Evidence for and against an agent, by mechanism, from what was read of its conversation.

Every value is between -1 (against) and 1 (for); a mechanism without any evidence is absent. Surface
features, which drive the biases, are between 0 and 1.
"""

import math
import re

from meta_reward.offline.judge.authority import PROPOSES, amount_is_due, authority
from meta_reward.offline.judge.episode import Change, Episode, amounts, mentions, named_by_customer, shape
from meta_reward.offline.judge.findings import FINE
from meta_reward.offline.judge.language import STOP, acts, concepts, meaning, name_words, sentences, stem, words
from meta_reward.offline.judge.policy import Policy
from meta_reward.offline.judge.transcript import AGENT, CUSTOMER, TOOL, is_change

_AGREES = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|ok(?:ay)?|confirm(?:ed)?|agreed?|go ahead|proceed|please do|do (?:it|that|so)"
    r"|absolutely|definitely|correct|sounds (?:good|great|fine)|alright|approved?|works for me"
    r"|(?:that|this|it|all)(?:'s| is| looks)? (?:fine|good|ok|okay|right|correct|works))\b",
    re.I,
)
_OBJECTS = re.compile(r"\b(?:no|not|don't|wait|hold|but|maybe|perhaps|think|how|what|why|instead|actually)\b", re.I)
_NAMES = re.compile(r"\[[^\[\]{}]*\]")  # a list that only names records
UNDUE = -0.8  # an amount that the rules shown do not yield
# Kinds of action that are steps of their own when proposed together.
_STEPS = {"act:cancel", "act:refund", "act:give", "act:create"}


def own_evidence(episode: Episode, policy: Policy) -> dict[str, float]:
    """What the conversation itself shows, read against the policy that is there."""
    found = {
        "authority": authority(episode, policy),
        "consent": _consent(episode),
        "claims": _claims(episode),
        "record": _record(episode, policy),
        "outcome": _outcome(episode),
        "faults": max(-1.0, 0.3 - 0.5 * episode.errors) if episode.turns else None,
    }
    return {mechanism: value for mechanism, value in found.items() if value is not None}


def surface(episode: Episode) -> dict[str, float]:
    """What impresses a hasty reader: visible work, claims of success, length, politeness, a pleased customer."""
    spoken = episode.said_by(AGENT)
    said = words(spoken)
    polite = sum("polite" in concepts(w) for w in said)
    last = [turn.text for turn in episode.turns if turn.role == CUSTOMER][-1:]
    return {
        "activity": 1 - math.exp(-0.9 * len(episode.done)),
        "claims": 1 - math.exp(-0.8 * len(episode.claims)),
        "length": 1 - math.exp(-len(spoken) / 2500),
        "politeness": min(1.0, 12 * polite / (len(said) + 60)),
        "pleased": float(bool(last) and "pleased" in meaning(words(last[0]))),
        "refused": 1 - math.exp(-0.6 * len(episode.refusals)),
    }


def _consent(episode: Episode) -> float | None:
    done = episode.done
    if not done:
        return None
    return sum(_agreed(episode, change.index) for change in done) / len(done)


def _agreed(episode: Episode, index: int) -> float:
    """Whether the customer's last word before a change agrees to something the agent had laid out."""
    before = [t for t in episode.turns[:index] if t.role in (CUSTOMER, AGENT) and not t.name]
    last = next((i for i in range(len(before) - 1, -1, -1) if before[i].role == CUSTOMER), None)
    if last is None or last == 0 or before[last - 1].role != AGENT:
        return -1.0
    if not (before[last].text and before[last - 1].text):
        return 0.0
    reply, asked = before[last].text[:120], before[last - 1].text
    agrees, objects = len(_AGREES.findall(reply)), len(_OBJECTS.findall(reply))
    laid_out = PROPOSES.search(asked) and (acts(words(asked)) or amounts(asked))
    return FINE if laid_out and agrees and agrees >= objects else -1.0


def _claims(episode: Episode) -> float | None:
    if not episode.claims:
        return None
    return min(_backed(episode, at, claim) for at, claim in episode.claims)


def _backed(episode: Episode, at: int, claim: str) -> float:
    """Whether a change of the kind that is claimed went through before the claim."""
    claimed = acts(words(claim)) - {"act:add", "act:send", "act:handoff"}
    made = [change for change in episode.changes if change.ok and change.index < at]
    if not claimed:
        return FINE
    if not made:
        return -1.0
    kinds = {act for c in made for act in c.acts | acts(name_words(c.arguments + c.result))}
    things = {stem(w) for c in made for w in name_words(c.name) if w not in STOP}
    if kinds & {"act:change", "act:upgrade"}:
        kinds |= {"act:change", "act:upgrade"}
    return FINE if claimed & kinds or things & {stem(w) for w in words(claim)} else -0.5


def _record(episode: Episode, policy: Policy) -> float | None:
    seen = [_looked(episode, at) for at, _ in episode.refusals[:1]]
    done = [min(_grounded(episode, change), _looked(episode, change.index)) for change in episode.done]
    wrong = [UNDUE for change in episode.done if amount_is_due(episode, policy, change) is False]
    return min(done + seen + wrong, default=None)


def _looked(episode: Episode, index: int) -> float:
    """Whether the records the customer named had been read when the agent decided."""
    before = episode.turns[:index]
    meant = {name for name, sign in named_by_customer(before).items() if sign > 0}
    calls = [turn for turn in before if turn.is_call and not is_change(turn)]
    results = "\n".join(turn.text for turn in before if turn.role == TOOL)
    read = mentions(_NAMES.sub("", results) + "\n".join(turn.text for turn in calls))
    if not all(turn.text for turn in calls):
        return 0.0
    return -0.6 if any(turn.is_call for turn in episode.turns) and meant - read else FINE


def _grounded(episode: Episode, change: Change) -> float:
    """Whether a change's identifiers and amounts are those that were named, read and proposed before it."""
    before = episode.turns[: change.index]
    read = mentions("\n".join(t.text for t in before if t.role == TOOL))
    named = named_by_customer(before)
    strange = change.values - set(named) - read
    if strange:
        return -0.3 - 0.7 * len(strange) / len(change.values)
    for form in {shape(value) for value in change.values}:
        meant = {name for name, sign in named.items() if sign > 0 and shape(name) == form}
        if meant and not meant & change.values:
            return -0.8
    proposal = episode.last_said(change.index, AGENT)
    said = amounts("\n".join(t.text for t in before if not t.failed))
    stray = {a for a in amounts(change.arguments) if a > 1} - said
    unproposed = {v for v in change.values if shape(v) in {shape(m) for m in mentions(proposal)}} - mentions(proposal)
    return -0.7 if unproposed else -0.5 if stray else FINE


def _outcome(episode: Episode) -> float | None:
    """Whether the request was dealt with, judging by the surface."""
    spoken = [turn for turn in episode.turns if turn.role in (AGENT, CUSTOMER) and not turn.name]
    told = [turn for turn in spoken if turn.role == AGENT]
    if not told:
        return -0.8 if spoken else None
    dealt = episode.done or episode.refusals or episode.handovers or episode.answers
    score = 0.1 if dealt or not episode.asked else -0.6
    score -= 0.8 * bool(_left_undone(episode))
    if spoken[-1].role == CUSTOMER:
        heard = meaning(words(spoken[-1].text))
        score += 0.3 * ("pleased" in heard) - 0.6 * ("displeased" in heard)
    elif "intend" in meaning(words(told[-1].text[-300:])) and not episode.claims:
        score -= 0.5
    if len(told) < 2 <= len(spoken) and not episode.done:
        score -= 0.2
    return max(-1.0, min(1.0, score))


def _left_undone(episode: Episode) -> set[str]:
    """What the agent proposed, the customer agreed to, and no change carried out."""
    if not episode.done:
        return set()
    made = {act for change in episode.done for act in change.acts}
    agreed = episode.last_said(episode.done[0].index, AGENT)
    proposed = {act for s in sentences(agreed) if "?" in s or "would" in s for act in acts(words(s))}
    return (proposed - made) & _STEPS if made & _STEPS else set()
