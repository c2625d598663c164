"""A run laid out for the rules: who said what before a message, what the user had said yes to, which writes stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from meta_reward.harness.audit.calls import HANDED_OVER, WROTE, Made
from meta_reward.harness.audit.records import Records
from meta_reward.harness.audit.speech import clauses_of, is_mistaken, is_yes
from meta_reward.harness.audit.values import tokens
from meta_reward.trajectory import Trajectory

_SHORT = 160


class Consent(NamedTuple):
    """The user's last message before a write, and the offer that it answered. number: the user's message."""

    number: int
    agreed: bool
    offer: str
    answer: str

    @property
    def text(self) -> str:
        return f"{self.offer}\n{self.answer}"


@dataclass(frozen=True)
class Run:
    """A trajectory with its calls and records. tools: name and description of those that write."""

    trajectory: Trajectory
    calls: Sequence[Made]
    records: Records
    tools: Sequence[tuple[str, str]]

    @cached_property
    def writes(self) -> list[Made]:
        """The calls that changed something."""
        return [made for made in self.calls if made.kind == WROTE]

    @cached_property
    def deeds(self) -> list[Made]:
        """The calls that an agent may report: those that wrote, and those that handed over."""
        return [made for made in self.calls if made.kind in (WROTE, HANDED_OVER)]

    def said(self, role: str, before: int) -> list[str]:
        """What a role had said before a message."""
        return [m.content for m in self.trajectory.messages[: before - 1] if m.role == role and m.content]

    def given(self, before: int) -> list[str]:
        """What users, results and the policy had said before a message."""
        return [self.trajectory.policy, *self.said("user", before), *self.said("tool", before)]

    def consent(self, number: int) -> Consent:
        """The user's last word before a message."""
        messages = self.trajectory.messages
        at = next((i for i in range(number - 2, -1, -1) if messages[i].role == "user"), -1)
        if at < 0:
            return Consent(0, False, "", "")
        offer = next((m.content for m in reversed(messages[:at]) if m.role == "assistant" and m.content), "")
        answer = messages[at].content
        return Consent(at + 1, bool(offer) and is_yes(answer), offer, answer)

    def meant(self, before: int) -> set[str]:
        """The records that the user had named before a message and not taken back, by their ids in lower case."""
        meant: dict[str, bool] = {}
        for text in self.said("user", before):
            for clause, excluded in clauses_of(text):
                named = self.records.mentioned(clause)
                if not named and is_mistaken(clause):
                    meant.clear()
                meant |= dict.fromkeys(named, not excluded)
        return {id for id, is_meant in meant.items() if is_meant}

    def confirmed(self, before: int) -> list[str]:
        """All that the agent had said and the user then agreed to before a message."""
        numbers = [n for n, m in enumerate(self.trajectory.messages[: before - 1], 1) if m.role == "user"]
        consents = [self.consent(number + 1) for number in numbers]
        return [one.offer for one in consents if one.agreed]

    def written_as(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Ids as the records have them."""
        return tuple(dict.fromkeys(one for id in ids for one in [self._ids.get(id, id)]))

    def holds(self, text: str, value: str) -> bool:
        """Whether a text names an identifier, by itself or by another name of its record."""
        return value.lower() in tokens(text) or value.lower() in self.records.mentioned(text)

    def short(self, text: str) -> str:
        """A text on one line, without its middle if it is long."""
        flat = " ".join(text.split())
        return flat if len(flat) <= _SHORT else f"{flat[: _SHORT * 2 // 3]} ... {flat[-_SHORT // 4 :]}"

    @cached_property
    def _ids(self) -> dict[str, str]:
        return {one.id.lower(): one.id for one in self.records}
