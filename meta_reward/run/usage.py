"""What a run has spent so far, from what is on disk.

Calls and tokens come from its evaluations, finished or not. Money comes from the billing log, which holds every
call as soon as it is sent; a run without one, such as a clone, has the money of its evaluations.
"""

from collections.abc import Iterable

from meta_reward.completion import Usage
from meta_reward.evaluation.records import CallCost
from meta_reward.models.billing import load_bill
from meta_reward.models.usage import Spent, asked_for, paid_for
from meta_reward.run.evaluations import load_costs
from meta_reward.run.layout import Layout


def spent_on_disk(layout: Layout) -> Spent:
    """What a run has spent so far, also while it is running."""
    costs = list(load_costs(layout))
    asked = asked_for(Usage(cost.input_tokens, cost.output_tokens) for cost in costs)
    return asked + (load_bill(layout.account).spent if layout.account.exists() else _paid(costs))


def paid_in_evaluations(layout: Layout) -> Spent:
    """What the calls on record cost, for a run that has no billing log."""
    return _paid(load_costs(layout))


def _paid(costs: Iterable[CallCost]) -> Spent:
    return paid_for(cost.cost_usd for cost in costs if not cost.cached)
