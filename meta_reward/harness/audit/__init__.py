"""What a run read, wrote, was asked, was allowed and claimed, and where these contradict each other.

    from meta_reward.harness.audit import audit

    ledger = audit(trajectory)
    ledger.contradictions                       # each with kind, message number, what, evidence
    ledger.render()                             # text for a judge, also of one record: render("R-17")
    await judge.ask(case, tools=[ledger.tool()])   # or let the judge ask: audit(entity)

Works on any domain, from the form of calls, results and schemas alone: it knows no tool's and no field's name. Standard
library only; reads a trajectory and nothing else, and gives the same ledger for the same trajectory.
"""

from meta_reward.harness.audit.build import audit
from meta_reward.harness.audit.ledger import KINDS, Contradiction, Entity, Event, Ledger

__all__ = ["KINDS", "Contradiction", "Entity", "Event", "Ledger", "audit"]
