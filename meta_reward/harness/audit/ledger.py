"""The ledger of a run: events in order, the records they touched, and contradictions. Plain data, rendered as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

KINDS: Mapping[str, str] = {
    "unread-record": "wrote to a record that no call had read before",
    "ungiven-argument": "wrote a value that neither the user, a result nor the policy had given",
    "differs-from-confirmed": "wrote another value than the user had said yes to",
    "unconfirmed-write": "wrote without the user's yes to just that, which the policy asks for",
    "unnamed-record": "wrote to a record that the user had not named, and not to the one of that kind that they had",
    "unbacked-claim": "said it was done, but no call that worked did it, or not to that record or with that amount",
    "undone-request": "left undone what the user asked for, without declining it",
}
"""The kinds of contradiction."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a message."""

    number: int
    """The number of the message, from 1, as in `Trajectory.transcript`."""
    kind: str
    """`asked` or `agreed` (the user), `declined` or `claimed` (the agent), `read`, `wrote`, `failed`, `handed over`."""
    what: str
    """A call with its arguments, or the text that was said."""
    entities: tuple[str, ...] = ()
    """The ids of the records that it names."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A record that the run is about. `named`, `read` and `written` are numbers of messages, from 1."""

    id: str
    kind: str
    """The kind, taken from the field of its id, such as `reservation` for `reservation_id`."""
    names: tuple[str, ...] = ()
    """Other names for it: names in its record, the digits of its id."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """Its plain fields as last seen."""
    named: tuple[int, ...] = ()
    """The messages in which the user named it."""
    read: tuple[int, ...] = ()
    written: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A contradiction between two things in a run."""

    kind: str
    """One of `KINDS`."""
    number: int
    """The number of the message at fault, from 1."""
    what: str
    evidence: str
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that the audit of one run found."""

    events: tuple[Event, ...]
    entities: tuple[Entity, ...]
    contradictions: tuple[Contradiction, ...]

    def render(self, entity: str | None = None) -> str:
        """The ledger as text for a judge: of one record, by its id or another of its names, or of the whole run."""
        wanted = self._called(entity or "")
        if entity and not wanted:
            known = ", ".join(f"{one.id} ({one.kind})" for one in self._touched()) or "none"
            return f"No record is called {entity!r}. Records of this run: {known}.\n\n{self.render()}"
        chosen = wanted or self._touched()
        ids = {one.id for one in chosen}
        about = self.events if not wanted else [e for e in self.events if ids & set(e.entities)]
        wrong = self.contradictions if not wanted else [c for c in self.contradictions if ids & set(c.entities)]
        parts = {
            "Records": [_record(one) for one in chosen],
            "Events": [f"[{e.number}] {e.kind}: {e.what}" for e in about if wanted or e.kind != "read"],
            "Contradictions": [f"[{c.number}] {c.kind}: {c.what} ({c.evidence})" for c in wrong] or ["none found"],
        }
        return "\n\n".join("\n".join([f"### {title}", *lines]) for title, lines in parts.items() if lines)

    def tool(self) -> Callable[..., str]:
        """`render` as a function that a judge may call, under the name `audit`."""

        def audit(entity: str = "") -> str:
            """The ledger of the run, reconstructed by code: what was read, written, asked, agreed to and claimed, and
            what contradicts. entity: the id or name of one record; without it, the whole run."""
            return self.render(entity)

        return audit

    def _called(self, name: str) -> list[Entity]:
        wanted = name.strip().lower()
        return [one for one in self.entities if wanted and wanted in (one.id.lower(), *one.names)]

    def _touched(self) -> list[Entity]:
        return [one for one in self.entities if one.named or one.written]


def _record(one: Entity) -> str:
    told = [("named by the user", one.named), ("read", one.read), ("written", one.written)]
    where = [f"{label} at {', '.join(f'[{n}]' for n in numbers)}" for label, numbers in told if numbers]
    if not one.read:
        where.append("never read")
    return f"{one.kind} {one.id}: {'; '.join(where)}"
