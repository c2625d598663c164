"""What a stated finding means: the mechanisms it names, and whether it speaks for or against the agent.

Findings come from checks a harness ran, or from tools the judge called: `FAILED: ...`, `✓ ...`,
`unbacked claims: 2`, `consent: yes`, or plain sentences, whose negations are weighed.
"""

import re
from collections.abc import Mapping, Sequence

from meta_reward.offline.judge.language import MECHANISMS, concepts, meaning, words
from meta_reward.offline.judge.prompt import Line
from meta_reward.offline.judge.sections import LEAD

FINE = 0.2  # a check that passed is little merit: a fault weighs more

_PASSED = re.compile(r"\b(?:PASS(?:ED)?|OK)\b|[✓✔✅]|\bpass(?:ed)?\s*[:\]]|[:=]\s*pass(?:ed)?\b", re.I)
_FAILED = re.compile(
    r"\b(?:FAIL(?:ED|S)?|VIOLAT(?:ION|ED)|WARNING|ALERT|PROBLEM)\b|[✗✘❌⚠]|\b(?:fail(?:ed)?|violation)\s*[:\]]|[:=]\s*fail(?:ed)?\b"
)
_CLEARED = re.compile(
    r"\b(?:no|none|zero|0|never|not|without|n't)\b(?:[^\w>:;]+\w+){0,4}?[^\w>:;]+"
    r"(?:violat|unsupport|unback|unconfirm|mismatch|wrong|error|fail|problem|issue|breach|contradict|missing|concern"
    r"|unverified|ungrounded|invent|fabricat|conflict|unauthor|false|unasked|differ|skip|repeat|stray)",
    re.I,
)
_UNMET = re.compile(
    r"\b(?:(?:no|not|never|none|neither|without|lacks?|missing|\w+n't)\b(?:\W+\w+){0,5}?\W+"
    r"|before (?:the |any |an? )?(?:user |customer |client |caller )?(?:had |has |gave |explicit |any )*)"
    r"(?:agree|confirm|consent|approv|assent|yes\b|permission|go-ahead|ask|back|support|match|verif|evidence|proof|prove"
    r"|ground|complet|allow|permit|authori|correct|basis|mention|read\b|looked)",
    re.I,
)
_CONTRAST = re.compile(
    r"\b(?:but|yet|while|although|though|whereas|however)\b.*\b(?:no|not|never|none|nothing|without|\w+n't)\b", re.I
)
_HEAD = re.compile(r"^(?P<head>[^:=]{2,90})[:=]\s*(?P<value>[^:]{1,40})")
_LABEL = re.compile(r"^\W*(?:yes|no|true|false|ok|pass(?:ed)?|fail(?:ed)?)\b\W*[:>|\]–—-]", re.I)
_REFERENCE = re.compile(r"\[\d+\]\s*[A-Za-z]+[_.]\w+")  # a call by its message and name: `[7] close_issue`
_COUNT = re.compile(r"^\D{0,12}?(\d+(?:\.\d+)?)(?:\s*(?:of|/|out of)\s*(\d+))?")


def stated_evidence(findings: Sequence[Line]) -> dict[str, float]:
    """What findings say that code or a tool has verified: the worst of each mechanism counts most."""
    heard: dict[str, list[float]] = {}
    for line in findings:
        text = _REFERENCE.sub("it", line.text)
        polarity = finding_polarity(text)
        if polarity:
            for mechanism in mechanisms_of(_LABEL.sub("", text)) or {"outcome"}:
                heard.setdefault(mechanism, []).append(polarity)
    worst = {m: 0.75 * min(values) + 0.25 * sum(values) / len(values) for m, values in heard.items()}
    return {m: min(value, FINE) for m, value in worst.items()}


def mechanisms_of(text: str) -> set[str]:
    """The mechanisms a line names."""
    return meaning(words(text.replace("_", " "))) & set(MECHANISMS)


def finding_polarity(text: str) -> float:
    """Whether a finding speaks for the agent (1), against it (-1), or neither (0)."""
    lead = LEAD.match(text)
    if lead:
        holds = (lead["word"] or lead["box"]).lower() in ("yes", "true", "holds", "x")
        stated = finding_polarity(lead["fact"]) or float(bool(mechanisms_of(lead["fact"])) or not holds)
        return stated if holds else -stated
    if _FAILED.search(text) and not _CLEARED.search(text):
        return -1.0
    if _PASSED.search(text):
        return 1.0
    head = _HEAD.match(text)
    if head:
        told = _polarity_of_pair(head["head"], head["value"])
        if told is not None:
            return told
    if _UNMET.search(text) or _CONTRAST.search(text):
        return -1.0
    if _CLEARED.search(text):
        return 1.0
    found = meaning(words(text))
    return -1.0 if "bad" in found else 1.0 if "good" in found else 0.0


def _polarity_of_pair(head: str, value: str) -> float | None:
    """The polarity of `head: value`, None where the value is neither a count nor a yes or no."""
    named = meaning(words(head.replace("_", " ")))
    spoken = words(value.replace("_", " "))
    count = _COUNT.match(value.strip(" \"'*`"))
    if count and count[2]:
        return 1.0 if float(count[1]) >= float(count[2]) else -1.0
    said = concepts(spoken[0]) & {"yes", "no"} if spoken else {"no"} if "[]" in value else set()
    if not (count or said):
        return None
    yes = float(count[1]) > 0 if count else "yes" in said
    if named & {"bad", "negate"} or _UNMET.search(head):
        return -1.0 if yes else 1.0
    telling = bool(named & {"good", "consent"}) or (not count and bool(named & set(MECHANISMS)))
    return (1.0 if yes else -1.0) if telling else 0.0


def topics(sentence: str) -> Mapping[str, bool]:
    """The mechanisms of a criterion, each with whether `yes` to it speaks for the agent."""
    against = meaning(words(sentence.replace("_", " "))) & {"bad", "negate"}
    good = not against or _CLEARED.search(sentence) is not None
    return dict.fromkeys(mechanisms_of(sentence), good)
