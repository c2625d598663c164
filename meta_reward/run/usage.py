"""What a run has spent so far, from what is on disk.

Calls and tokens come from its evaluations, finished or not, and from the steps of a policy in training. Costs come from
the billing log, which lists every call as soon as it is sent; in a run without one, such as a clone, they come from the
evaluations.
"""

from pathlib import Path

from meta_reward import files
from meta_reward.completion import Usage
from meta_reward.models.billing import has_bill, load_bill
from meta_reward.models.usage import Spent, asked_for, paid_for
from meta_reward.run.evaluations import costs_under_way, finished_evaluations, load_costs, load_scores
from meta_reward.run.layout import Layout


def spent_on_disk(layout: Layout) -> Spent:
    """What a run has spent so far; it may be running."""
    asked = sum((asked_in(folder) for folder in finished_evaluations(layout)), Spent())
    asked += asked_for(Usage(cost.input_tokens, cost.output_tokens) for cost in costs_under_way(layout))
    asked += asked_in_steps(layout)
    return asked + (load_bill(layout.account).spent if has_bill(layout.account) else paid_in_evaluations(layout))


def asked_in_steps(layout: Layout) -> Spent:
    """The judge calls and tokens of all recorded steps of a policy in training."""
    lines = files.load_lines(layout.steps) if layout.steps.exists() else []
    with files.reading(layout.steps):
        calls, tokens = (sum(int(line.get(name, 0)) for line in lines) for name in ("judge_calls", "judge_tokens"))
    return Spent(calls=calls, tokens=tokens)


def asked_in(folder: Path) -> Spent:
    """The judge calls and tokens of a finished evaluation."""
    scores = load_scores(folder)
    return Spent(calls=scores.metrics.judge_calls, tokens=scores.metrics.judge_tokens) if scores else Spent()


def paid_in_evaluations(layout: Layout) -> Spent:
    """The cost of the calls on record, for a run without a billing log."""
    return paid_for(cost.cost_usd for cost in load_costs(layout) if not cost.cached)
