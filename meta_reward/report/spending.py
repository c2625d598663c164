"""What an evaluation outside any run has cost, for a person."""

from collections.abc import Mapping
from typing import Any

from meta_reward.report.tables import dollars, plural


def render_spending(result: Mapping[str, Any]) -> str:
    """Calls that were made anew and their price, and what of them earlier starts had made."""
    made, earlier = result["judge_calls_made"], result["earlier"]
    unpriced = result["unpriced_calls"] if result["spent_usd"] is not None else 0
    text = f"{plural(made, 'judge call')} made anew, {dollars(result['spent_usd'])}"
    text += f", and {unpriced} calls of unknown price" if unpriced else ""
    if earlier["judge_calls_made"]:
        text += f"; {earlier['judge_calls_made']} of them, {dollars(earlier['spent_usd'])}, before it was stopped"
    return text
