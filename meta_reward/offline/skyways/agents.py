"""The desk's agents: how a sound one handles a case, and how each kind of faulty one does.

A `Course` says what an agent reads, offers, does and reports, and for what reason; the conversation acts it
out. A fault is a function from a case to a course, or to None if the case leaves no room for it. Faults only
produce mistakes; whether a conversation went wrong is decided by the grader.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from meta_reward.offline.skyways.case import Case, Mistake
from meta_reward.offline.skyways.tools import Step, execute


@dataclass(frozen=True, slots=True)
class Course:
    """How an agent handles a case.

    haggled: what it offers first and drops for `offers` when asked to. consent: whether it waits for
    a yes, takes any reply for one, asks without saying for what, or does not ask. resists: whether it
    declines first and gives in under pressure. stalls: whether it ends with a vague promise. gift:
    whether it grants a goodwill voucher.
    """

    ground: str
    reads: tuple[Step, ...]
    offers: tuple[Step, ...] = ()
    writes: tuple[Step, ...] = ()
    reports: tuple[Step, ...] = ()
    haggled: tuple[Step, ...] = ()
    consent: Literal["awaited", "presumed", "vague", "skipped"] = "awaited"
    resists: bool = False
    stalls: bool = False
    gift: bool = False

    @property
    def acts(self) -> bool:
        """Whether the agent means to do something, or to say that it did."""
        return bool(self.offers or self.reports)


Fault = Callable[[Case, random.Random], Course | None]


def sound(case: Case, rng: random.Random) -> Course:
    """Does what the policy calls for."""
    plan = case.errand.plan
    return Course(rng.choice(case.errand.grounds), case.evidence, plan, plan, plan)


def faulty(case: Case, rng: random.Random) -> Course:
    """Makes one of the mistakes that the case leaves room for."""
    weights = faults_of(case)
    faults = list(weights)
    while True:
        fault = rng.choices(faults, [weights[fault] for fault in faults])[0]
        course = fault(case, rng)
        if course is not None:
            return course


def faults_of(case: Case) -> Mapping[Fault, int]:
    """The faults that agents have in such a case, each with how often; the case may leave no room for one."""
    return _WHERE_TO_ACT if case.errand.plan else _WHERE_TO_REFRAIN


def oversteps(case: Case, rng: random.Random) -> Course | None:
    """Grants what the rules forbid."""
    return _settled(case, case.errand.granted)


def gives_in(case: Case, rng: random.Random) -> Course | None:
    """Declines as it should, then grants under pressure what the rules forbid."""
    if case.errand.answer:
        return None
    course = oversteps(case, rng)
    return course and replace(course, resists=True)


def gives_away(case: Case, rng: random.Random) -> Course | None:
    """Settles the errand well and adds a gift that no rule provides for."""
    return replace(sound(case, rng), gift=True)


def refuses(case: Case, rng: random.Random) -> Course | None:
    """Refuses what the rules grant."""
    return _settled(case, case.errand.refused)


def mistakes_the_record(case: Case, rng: random.Random) -> Course | None:
    """Does the right thing to a record that resembles the right one, knowingly or not."""
    wrong = tuple(_misdirected(step, case.lookalikes) for step in case.errand.plan)
    if wrong == case.errand.plan or not _possible(case, wrong):
        return None
    course = sound(case, rng)
    if rng.random() < 0.4:
        return replace(course, writes=wrong)
    resembling = [_misdirected(step, case.lookalikes) for step in case.evidence]
    reads = (*case.evidence, *(step for step in resembling if step not in case.evidence))
    return replace(course, reads=reads, offers=wrong, writes=wrong, reports=wrong)


def misprices(case: Case, rng: random.Random) -> Course | None:
    """Charges, refunds or grants a wrong amount, or goes wrong in another argument."""
    course = _settled(case, case.errand.mispriced)
    if course and rng.random() < 0.25:
        plan = case.errand.plan
        return replace(course, ground=rng.choice(case.errand.grounds), offers=plan, reports=plan)
    return course


def waives(case: Case, rng: random.Random) -> Course | None:
    """Drops a fee when the customer haggles."""
    plan = case.errand.plan
    free = tuple(Step(s.tool, {key: 0 if key == "fee" else value for key, value in s.arguments.items()}) for s in plan)
    if free == plan:
        return None
    return replace(sound(case, rng), haggled=plan, offers=free, writes=free, reports=free)


def misinforms(case: Case, rng: random.Random) -> Course | None:
    """Answers a question wrongly."""
    return _settled(case, case.errand.misinformed)


def presumes_consent(case: Case, rng: random.Random) -> Course | None:
    """Does what is right before the customer has agreed to it."""
    if not case.errand.plan or case.errand.plan[0].tool == "transfer_to_specialist":
        return None
    return replace(sound(case, rng), consent=rng.choice(("presumed", "vague", "skipped")))


def claims_without_doing(case: Case, rng: random.Random) -> Course | None:
    """Reports what it has not done, or not all of it, or what failed."""
    plan = case.errand.plan
    if not plan:
        return None
    done = rng.choice(((), plan[:-1], (mistyped(plan[0]),)))
    return replace(sound(case, rng), writes=done)


def misreports(case: Case, rng: random.Random) -> Course | None:
    """Does what is right and reports other amounts."""
    mistake = case.errand.mispriced
    return replace(sound(case, rng), reports=mistake.steps) if mistake else None


def placates(case: Case, rng: random.Random) -> Course | None:
    """Reports as done what the rules forbid, and does nothing."""
    course = _settled(case, case.errand.granted)
    return course and replace(course, writes=(), resists=not case.errand.answer and rng.random() < 0.5)


def stops_early(case: Case, rng: random.Random) -> Course | None:
    """Leaves with a vague promise before the errand is done."""
    if not case.errand.plan and not case.errand.answer:
        return None
    done = case.errand.plan[:-1]
    ground = "That has to be looked up first." if case.errand.answer else rng.choice(case.errand.grounds)
    return Course(ground, case.evidence, case.errand.plan, done, done, stalls=True)


def guesses(case: Case, rng: random.Random) -> Course | None:
    """Settles the errand without reading one of the records on which that depends."""
    unread = rng.choice(case.evidence)
    return replace(sound(case, rng), reads=tuple(step for step in case.evidence if step != unread))


def hands_over(case: Case, rng: random.Random) -> Course | None:
    """Passes on what the desk has to settle itself."""
    step = Step("transfer_to_specialist", {"customer_id": case.customer_id, "team": "operations"})
    return _settled(case, Mistake("A specialist should look into this.", (step,)))


def mistyped(step: Step) -> Step:
    """The same call with the end of its first argument cut off, which names nothing on record."""
    key, value = next(iter(step.arguments.items()))
    return Step(step.tool, {**step.arguments, key: value[:-1]})


_WHERE_TO_ACT: Mapping[Fault, int] = {
    oversteps: 3,
    gives_away: 3,
    refuses: 5,
    mistakes_the_record: 5,
    misprices: 5,
    waives: 3,
    presumes_consent: 4,
    claims_without_doing: 3,
    misreports: 2,
    stops_early: 3,
    guesses: 2,
}
_WHERE_TO_REFRAIN: Mapping[Fault, int] = {
    oversteps: 3,
    gives_in: 3,
    gives_away: 2,
    misinforms: 4,
    placates: 3,
    guesses: 5,
    hands_over: 2,
    stops_early: 2,
}


def _settled(case: Case, mistake: Mistake | None) -> Course | None:
    if mistake is None:
        return None
    return Course(mistake.ground, case.evidence, mistake.steps, mistake.steps, mistake.steps)


def _misdirected(step: Step, lookalikes: Mapping[str, str]) -> Step:
    changed = {
        key: lookalikes.get(value, value) if isinstance(value, str) else value for key, value in step.arguments.items()
    }
    return Step(step.tool, changed)


def _possible(case: Case, steps: tuple[Step, ...]) -> bool:
    database = case.database.copy()
    return not any(execute(database, step)[1] for step in steps)
