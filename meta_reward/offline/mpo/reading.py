"""What the simulated meta model makes of a sample: what went wrong in it, as the name of a criterion.

It reads the conversation and the policy as the simulated judge does, with the same sense and without its biases; what
neither can know, such as the right amount where no record says it, it misses as well.
"""

import re
from collections.abc import Mapping

from meta_reward.completion import Request
from meta_reward.offline.judge.episode import understand
from meta_reward.offline.judge.evidence import own_evidence
from meta_reward.offline.judge.policy import read_policy
from meta_reward.offline.judge.prompt import read_request
from meta_reward.offline.judge.transcript import AGENT, CUSTOMER, Turn
from meta_reward.offline.mpo.texts import is_about, points_in, sentences_of, topic_asked_for
from meta_reward.trajectory import Message

_AGAINST = -0.25
_BY_MECHANISM = {
    "authority": "authority",
    "consent": "consent",
    "claims": "truth",
    "record": "exactness",
    "outcome": "completeness",
}
_LOW_RATING = 60.0
_FEW, _EMPTY = 2, 0.5
_PART = re.compile(r"^# (?P<title>[^\n]+)\n\n<part>\n(?P<text>.*?)\n</part>$", re.DOTALL | re.MULTILINE)


def parts_of(prompt: str) -> dict[str, str]:
    """The parts of a prompt by heading."""
    return {found["title"]: found["text"] for found in _PART.finditer(prompt)}


def fault_in(parts: Mapping[str, str]) -> str:
    """What went wrong in a sample, or went right and was not rewarded, as a criterion's name; "" for neither.

    parts: those of a prompt that asks for an analysis.
    """
    text = f"## Policy\n\n{parts.get('The policy that the agent works under', '')}\n\n## Run\n\n"
    prompt = read_request(Request((Message("user", text + parts.get("The conversation", "")),)))
    if topic := topic_asked_for(_said_by(prompt.turns, CUSTOMER)):
        return _fault_of_text(topic, _said_by(prompt.turns, AGENT))
    episode = understand(prompt.turns)
    evidence = own_evidence(episode, read_policy(prompt.policy))
    worst = min(_BY_MECHANISM, key=lambda mechanism: evidence.get(mechanism, 0.0))
    if evidence.get(worst, 0.0) < _AGAINST:
        return _BY_MECHANISM[worst]
    rewarded = float(parts.get("The rating", "100") or 100)
    restrained = evidence.get("authority", 0.0) > 0 and bool(episode.refusals) and not episode.done
    return "restraint" if restrained and rewarded < _LOW_RATING else ""


def _fault_of_text(topic: str, text: str) -> str:
    sentences = sentences_of(text)
    if len(sentences) < _FEW:
        return "substance"
    if not is_about(topic, text):
        return "topic"
    return "content" if points_in(topic, text) < _EMPTY * len(sentences) else ""


def _said_by(turns: tuple[Turn, ...], role: str) -> str:
    return "\n".join(turn.text for turn in turns if turn.role == role and not turn.name)
