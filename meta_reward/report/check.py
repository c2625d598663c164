"""What the calls of a judge showed, as text for a terminal."""

from meta_reward.files import printable
from meta_reward.models.check import Check, Finding
from meta_reward.report.tables import SIMULATED, fit

UNKNOWN = "price unknown: set price_input and price_output (dollars a million tokens) in [judge.settings]"


def render_check(spec: str, check: Check) -> str:
    """A line a fact."""
    usage = check.usage
    facts = [
        ("judge", f"{spec} ({', '.join(f'{name} {value}' for name, value in _chosen(check))})"),
        ("reply", f"{check.reply!r:.60} ({check.stop_reason}) in {check.seconds:.2f} s"),
        ("tokens", f"{usage.input_tokens} in, {usage.output_tokens} out"),
        ("price", _price(check)),
        ("schema", _finding(check.schema)),
        ("tools", _finding(check.tools)),
    ]
    lines = [printable(f"{name:8}{fact}") for name, fact in facts]
    return fit("\n".join([*lines, *([SIMULATED] if check.simulated else [])]))


def _chosen(check: Check) -> list[tuple[str, object]]:
    shown = ("max_tokens", "temperature", "thinking", "effort", "address")
    return [(name, check.judge[name]) for name in shown if name in check.judge] or [("kind", check.judge["kind"])]


def _price(check: Check) -> str:
    if check.price_usd is None or check.total_usd is None:
        return UNKNOWN
    price_in, price_out = check.price_usd
    return (
        f"${price_in:.2f} in, ${price_out:.2f} out a million tokens; these {check.calls} calls ${check.total_usd:.6f}"
    )


def _finding(finding: Finding) -> str:
    word = "works" if finding.works else "does not work"
    return f"{word}: {finding.seen}" if finding.seen else word
