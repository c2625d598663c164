"""What a run read, wrote, was asked, was allowed and claimed, and where these contradict each other.

    from meta_reward.harness.audit import audit

    ledger = audit(trajectory)
    ledger.contradictions                       # each with kind, message number, what, evidence
    ledger.render()                             # text for a judge, also of one record: render("R-17")
    await judge.ask(case, tools=[ledger.tool()])   # or let the judge ask: audit(entity)

Works in any domain, since it only uses the form of calls, results and schemas; it knows no names of tools or fields.
Needs only the standard library, reads nothing but the trajectory, and always gives the same ledger for it.
"""

from meta_reward.harness.audit.build import audit
from meta_reward.harness.audit.ledger import KINDS, Contradiction, Entity, Event, Ledger

__all__ = ["KINDS", "Contradiction", "Entity", "Event", "Ledger", "audit"]
