"""What a run has used so far, added up from what is on disk.

Nominal calls and tokens are those of finished and half-done evaluations. Money is what the account
says, which knows every call as soon as it is sent; a run without one, such as a clone, has the money
of its evaluations.
"""

from collections.abc import Iterator
from typing import Any

from meta_reward import files
from meta_reward.models.billing import Bill, load_bill
from meta_reward.models.usage import Spent
from meta_reward.run.evaluations import journals_under_way
from meta_reward.run.layout import Layout


def spent_on_disk(layout: Layout) -> Spent:
    """What a run has used so far, also while it runs."""
    costs = list(_costs(layout))
    paid = load_bill(layout.account) if layout.account.exists() else _paid_of(costs)
    return Spent(
        calls=len(costs),
        tokens=sum(cost["input_tokens"] + cost["output_tokens"] for cost in costs),
        misses=paid.calls,
        cost_usd=paid.cost_usd,
        unpriced=paid.unpriced,
    )


def paid_in_evaluations(layout: Layout) -> Bill:
    """What the calls on record were paid, for a run that has no account."""
    return _paid_of(_costs(layout))


def _paid_of(costs: Any) -> Bill:
    paid = Bill()
    for cost in costs:
        if not cost["cached"]:
            paid.add(cost["cost_usd"])
    return paid


def _costs(layout: Layout) -> Iterator[dict[str, Any]]:
    """What each call on record took, of finished evaluations and of those under way."""
    for folder in (*layout.history.glob("candidates/*"), *layout.sealed.glob("*/*")):
        if (folder / "calls.jsonl").exists():
            yield from files.load_lines(folder / "calls.jsonl")
    for journal, _, _ in journals_under_way(layout):
        for item in files.iter_whole_lines(journal):
            yield from item["costs"]
