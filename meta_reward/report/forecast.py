"""The estimate of what a search will take, for a person."""

from collections.abc import Mapping
from typing import Any

from meta_reward.models.usage import dollars
from meta_reward.report.tables import SIMULATED, fit, plural, render_table


def render_forecast(forecast: Mapping[str, Any]) -> str:
    """Parts of the search with their calls, tokens and price, which limits they pass, and what that rests on."""
    parts = forecast["parts"]
    titles = {
        "seeds": f"the seeds ({plural(len(forecast['calls_per_trajectory']), 'harness', 'harnesses')})",
        "iteration": f"an iteration ({plural(forecast['candidates'], 'candidate')})",
        "search": f"the whole search ({plural(forecast['iterations'], 'iteration')} to go)",
        "test": "the test afterwards",
    }
    rows = [
        [title, f"{parts[name]['judge_calls']:,}", f"{parts[name]['judge_tokens']:,}", dollars(parts[name]["cost_usd"])]
        for name, title in titles.items()
    ]
    table = render_table([f"judge {forecast['judge']}", "judge calls", "tokens", "cost"], rows)
    lines = [table, "", *_limits_passed(forecast), _too_long(forecast["window"]), _basis(forecast)]
    return "\n".join([*lines, SIMULATED] if forecast["simulated"] else lines)


def _limits_passed(forecast: Mapping[str, Any]) -> list[str]:
    needs = forecast["parts"]["search"]
    used = {"max_calls": "judge_calls", "max_tokens": "judge_tokens", "max_usd": "cost_usd"}
    return [
        f"it would stop early, at --{name.replace('_', '-')} {limit:g}"
        for name, limit in forecast["limits"].items()
        if limit and (needs[used[name]] or 0) > limit
    ]


def _too_long(window: Mapping[str, Any]) -> str:
    longest = f"the longest has about {window['longest']:,} tokens"
    if window["tokens"] is None:
        text = f"The judge's window is not known, and {longest}: say window_tokens in [judge.settings]."
    elif not window["exceeding"]:
        text = f"Every transcript fits the judge's window of {window['tokens']:,} tokens: {longest}."
    else:
        verb = "exceeds" if window["exceeding"] == 1 else "exceed"
        text = (
            f"{window['exceeding']:,} of {plural(window['transcripts'], 'transcript')} {verb} the judge's window of "
            f"{window['tokens']:,} tokens: {longest}. The seeds show the judge head and tail of such a one, and "
            "what it refused before is sent once more in vain."
        )
    return fit(text)


def _basis(forecast: Mapping[str, Any]) -> str:
    reply = forecast["reply_tokens"]
    calls = ", ".join(f"{name} {calls:g}" for name, calls in forecast["calls_per_trajectory"].items())
    tokens = f"{forecast['chars_per_token']} characters a token" + (f" and {reply} tokens a reply" if reply else "")
    return fit(
        f"An estimate, and nothing was sent: the seeds were run on {forecast['sample']} of the "
        f"{forecast['trajectories']['search']} search trajectories with a simulated judge in place of the real one, "
        f"counting {tokens}. They ask so often a trajectory: {calls}. Candidates are taken to ask like the mean of "
        "them; one that asks twice as much costs twice as much. What is in the cache already costs nothing."
    )
