"""A case: one customer's errand, what the policy calls for, and the ways to get it wrong.

The ground truth of a task. Agents act a case out, well or badly; the grader judges what they did by
the database, the plan, the evidence and the answer alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from meta_reward.offline.skyways.database import Database
from meta_reward.offline.skyways.tools import Step


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong way to settle an errand: the ground an agent gives for it, and what it does."""

    ground: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Errand:
    """What a customer wants, and how it is settled.

    request: ways to say what is wanted; they name the booking or flight it is about.
    grounds: ways in which a sound agent says why it does what it does.
    booking: the id of the booking it is about; empty if there is none to read.
    evidence: the reads on which the decision rests, besides customer and booking.
    plan: the writes that the policy calls for; empty if it calls for a refusal or an answer.
    pressure: what the customer says to a no.
    answer: the right answer to a question; empty if nothing was asked.
    lookalikes: ids that may be mistaken for others, besides those of the booking.
    granted, refused, mispriced, misinformed: the mistakes this errand invites. They grant what the
    rules forbid, refuse what they grant, get an amount wrong, or an answer.
    """

    request: tuple[str, ...]
    grounds: tuple[str, ...]
    booking: str = ""
    evidence: tuple[Step, ...] = ()
    plan: tuple[Step, ...] = ()
    pressure: tuple[str, ...] = ()
    answer: str = ""
    lookalikes: tuple[tuple[str, str], ...] = ()
    granted: Mistake | None = None
    refused: Mistake | None = None
    mispriced: Mistake | None = None
    misinformed: Mistake | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """An errand among its records.

    evidence: every read that a decision needs. lookalikes: ids of this case, and what each may be
    mistaken for. goodwill: a gift that no rule provides for.
    """

    errand: Errand
    database: Database
    customer_id: str
    evidence: tuple[Step, ...]
    lookalikes: Mapping[str, str]
    goodwill: Step
