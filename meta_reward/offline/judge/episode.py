"""What happened in a conversation: the changes an agent made, what was asked, read, claimed and refused.

Built from the turns that were read; `facts` covers what the records say.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from meta_reward.offline.judge.language import acts, name_words, sentences, words
from meta_reward.offline.judge.transcript import AGENT, CUSTOMER, TOOL, Turn, is_change

_MENTION = re.compile(r"(?<![\w-])(?=[\w\-]*\d)[A-Za-z][\w\-]{3,}|(?<![\w-])[A-Z0-9]{5,}(?![\w-])")
_AMOUNT = re.compile(r"(?<![\w.-])\$?(\d+(?:,\d{3})*(?:\.\d+)?)(?![\w-])")
_DECLINES = re.compile(
    r"\b(?:unable to|can(?:no|')t|not (?:able|possible|permitted|allowed|something|eligible|entitled|offer)"
    r"|(?:have|need|going) to (?:say no|decline|refuse|pass)|(?:must|will) (?:decline|refuse)|won't|may not"
    r"|no provision|isn't (?:possible|allowed)|against (?:our|the) polic(?:y|ies)|impossible|ineligible|refuse to)\b",
    re.I,
)
_INQUIRY = re.compile(
    r"\b(?:how (?:much|many|long)|what (?:would|does|do|is|are|if)|which|whether|only (?:want|the|asking)"
    r"|just (?:asking|curious|wondering)|yet|question|would it|costs?)\b",
    re.I,
)
_DONE = re.compile(
    r"\b(?:(?:has|have) (?:now |just |also |already |successfully |all )*been"
    r"|(?:i|we)(?:'ve| have)(?: now| just| also| already| successfully| gone ahead and)*"
    r"|(?:is|are) (?:now|all)|successfully|went ahead and|all set|i (?:just )?(?=\w+ed\b))",
    re.I,
)
_HEDGE = re.compile(
    r"\b(?:if|once|would|could|can|cannot|can't|should|will|shall|when|before|not|unable|want|like to|may|after)\b"
    r"|\?",
    re.I,
)
_CLAUSE = re.compile(r"[,;.!?]\s|\band\b|\bbut\b", re.I)
_TAKEN_BACK = re.compile(r"\b(?:not|leave|instead of|rather than|wrong|mistake|mixed|other|wait)\b", re.I)
_TELLING = 60  # characters of a statement that tells a customer something


@dataclass(frozen=True, slots=True)
class Change:
    """A call that changes the world. index: its turn. ok: its result reports no failure."""

    index: int
    name: str
    arguments: str
    ok: bool
    result: str

    @property
    def acts(self) -> set[str]:
        return acts(name_words(self.name)) or {"act:change"}

    @property
    def values(self) -> frozenset[str]:
        """Identifiers among its arguments, in lower case."""
        return mentions(self.arguments)


@dataclass(frozen=True, slots=True)
class Episode:
    """A conversation, understood. Claims and refusals come with the index of their turn.

    asked: the kinds of action the customer spoke of. inquires: whether it was only asked about them.
    """

    turns: tuple[Turn, ...]
    changes: tuple[Change, ...]
    handovers: tuple[Change, ...]
    errors: int
    asked: frozenset[str]
    claims: tuple[tuple[int, str], ...]
    refusals: tuple[tuple[int, str], ...]
    inquires: bool

    @property
    def done(self) -> list[Change]:
        """The changes that went through, each once."""
        seen: dict[tuple[str, str], Change] = {}
        for change in self.changes:
            if change.ok:
                seen.setdefault((change.name, re.sub(r"\W+", "", change.arguments)), change)
        return list(seen.values())

    @property
    def answers(self) -> list[str]:
        """What the agent told the customer once it had looked: statements, neither questions nor claims."""
        looked = next((i for i, turn in enumerate(self.turns) if turn.role == TOOL), len(self.turns))
        told = [turn.text for turn in self.turns[looked:] if turn.role == AGENT and not turn.name]
        return [text for text in told if len(text) > _TELLING and "?" not in text and not _claims(text)]

    def last_said(self, index: int, role: str) -> str:
        """The last words of a speaker before a turn."""
        return next((t.text for t in reversed(self.turns[:index]) if t.role == role and not t.name), "")

    def said_by(self, role: str) -> str:
        """All words of a speaker."""
        return "\n".join(turn.text for turn in self.turns if turn.role == role and not turn.name)


def understand(turns: Sequence[Turn]) -> Episode:
    """The episode behind these turns."""
    said = [(index, turn.text) for index, turn in enumerate(turns) if turn.role == AGENT and not turn.name]
    asked = [turn.text for turn in turns if turn.role == CUSTOMER]
    return Episode(
        turns=tuple(turns),
        changes=tuple(_changes(turns)),
        handovers=tuple(
            Change(index, turn.name, turn.text, True, "") for index, turn in enumerate(turns) if _hands_over(turn)
        ),
        errors=sum(turn.failed for turn in turns),
        asked=frozenset(act for text in asked for act in acts(words(text))),
        claims=tuple((index, claim) for index, text in said for claim in _claims(text)),
        refusals=tuple((index, text) for index, text in said if _DECLINES.search(text)),
        inquires=_only_inquires(asked[:2]),
    )


def named_by_customer(turns: Sequence[Turn]) -> dict[str, float]:
    """Identifiers the customer named: above 0 if meant, below 0 if taken back."""
    named: dict[str, float] = {}
    for turn in turns:
        if turn.role == CUSTOMER:
            for clause in _CLAUSE.split(turn.text):
                named.update(dict.fromkeys(mentions(clause), -1.0 if _TAKEN_BACK.search(clause) else 1.0))
    return named


@lru_cache(maxsize=1 << 12)
def mentions(text: str) -> frozenset[str]:
    """Tokens of a text that look like identifiers, in lower case."""
    return frozenset(found.lower() for found in _MENTION.findall(text))


def shape(name: str) -> str:
    """What identifiers of a kind have in common: where letters and where digits stand."""
    return re.sub(r"[a-z]", "a", re.sub(r"\d", "9", name))


def amounts(text: str) -> set[float]:
    """Numbers in a text that can be amounts or counts."""
    return {float(found.replace(",", "")) for found in _AMOUNT.findall(text)}


def _changes(turns: Sequence[Turn]) -> Iterable[Change]:
    waiting: list[int] = []
    results: dict[int, Turn] = {}
    for index, turn in enumerate(turns):
        if turn.is_call:
            waiting.append(index)
        elif turn.role == TOOL and waiting:
            results[waiting.pop(0)] = turn
        else:
            waiting.clear()
    for index, turn in enumerate(turns):
        if is_change(turn):
            answer = results.get(index)
            ok, result = (not answer.failed, answer.text) if answer else (True, "")
            yield Change(index, turn.name, turn.text, ok, result)


def _claims(text: str) -> list[str]:
    return [s for s in sentences(text) if _DONE.search(s) and acts(words(s)) and not _HEDGE.search(s)]


def _hands_over(turn: Turn) -> bool:
    return turn.is_call and "act:handoff" in acts(name_words(turn.name))


def _only_inquires(asked: Sequence[str]) -> bool:
    """Whether the customer asks about actions without ever asking for one."""
    spoken = [s for text in asked for s in sentences(text) if acts(words(s))]
    return bool(spoken) and all(_INQUIRY.search(s) for s in spoken)
