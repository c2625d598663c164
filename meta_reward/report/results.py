"""The results of commands as text for a terminal: each as one table or a few lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meta_reward.evaluation.gate import MIN_TASKS
from meta_reward.evaluation.power import Power
from meta_reward.files import printable
from meta_reward.models.check import Check, Finding
from meta_reward.models.usage import dollars
from meta_reward.report.tables import (
    SIMULATED,
    fit,
    percent,
    plural,
    points,
    render_table,
    reward,
)

if TYPE_CHECKING:
    from meta_reward.search.forecast import Forecast, Window
    from meta_reward.search.tryout.answer_types import (
        CallsUsed,
        ItemResult,
        PairResult,
        TrajectoryResult,
        TryoutAnswer,
        TryoutScores,
    )
    from meta_reward.use.objective_forecast import RewardForecast

UNKNOWN = "price unknown: set price_input and price_output (dollars per million tokens) in [judge.settings]"


def render_forecast(forecast: "Forecast") -> str:
    """Calls, tokens and price of each part of the search, the limits that it will reach, and the assumptions."""
    parts = forecast.parts
    titled = {
        f"the seeds ({plural(len(forecast.calls_per_trajectory), 'harness', 'harnesses')})": parts.seeds,
        f"an iteration ({plural(forecast.candidates, 'candidate')})": parts.iteration,
        "validation, when it ends": parts.validation,
        f"the whole search ({plural(forecast.iterations, 'iteration')} to go)": parts.search,
        "the test afterwards": parts.test,
        "its controls": parts.controls,
    }
    rows = [
        [title, f"{part.judge_calls:,}", f"{part.judge_tokens:,}", dollars(part.cost_usd)]
        for title, part in titled.items()
    ]
    table = render_table([f"judge {forecast.judge}", "judge calls", "tokens", "cost"], rows)
    lines = [table, "", *_limits_passed(forecast), fit(render_power(forecast.power))]
    lines += [_too_long(forecast.window), _basis(forecast)]
    return "\n".join([*lines, SIMULATED] if forecast.simulated else lines)


def render_reward(forecast: "RewardForecast") -> str:
    """What it costs to score trials or traces by a learned reward, in a sentence."""
    part = forecast.expense
    takes = f"{part.judge_calls:,} judge calls, {part.judge_tokens:,} tokens, {dollars(part.cost_usd)}"
    scored = plural(forecast.trajectories, forecast.what)
    return fit(f"{scored} by the learned reward, judge {forecast.judge}: {takes}.")


def render_power(power: Power) -> str:
    """The gain that a decision on this many validation tasks can detect, in a sentence."""
    tasks = f"{plural(power.tasks, 'validation task')}"
    if power.smallest_p is None:
        return f"{tasks}: too few for a test, which needs {MIN_TASKS}; the best candidate will be named, untested."
    found = f"a gain of {power.gain * 100:.0f} points is found" if power.gain else "no gain is found"
    return f"{tasks} allow p-values down to {power.smallest_p:.2g}; {found} with 80% power."


def _limits_passed(forecast: "Forecast") -> list[str]:
    limits, needs = forecast.limits, forecast.parts.search
    pairs = {
        "--max-calls": (limits.max_calls, needs.judge_calls),
        "--max-tokens": (limits.max_tokens, needs.judge_tokens),
        "--max-usd": (limits.max_usd, needs.cost_usd),
    }
    passed = [(name, limit) for name, (limit, needed) in pairs.items() if limit and (needed or 0) > limit]
    return [f"it would stop early, at {name} {limit:g}" for name, limit in passed]


def _too_long(window: "Window") -> str:
    longest = f"the longest has about {window.longest:,} tokens"
    if window.tokens is None:
        text = f"The judge's window is not known, and {longest}: say window_tokens in [judge.settings]."
    elif not window.exceeding:
        text = f"Every input fits the judge's window of {window.tokens:,} tokens: {longest}."
    else:
        verb = "exceeds" if window.exceeding == 1 else "exceed"
        text = (
            f"{window.exceeding:,} of {plural(window.transcripts, 'input')} {verb} the judge's window of "
            f"{window.tokens:,} tokens: {longest}. Of such an input the seeds show the judge the head and the "
            "tail, after a first try that it refuses."
        )
    return fit(text)


def _basis(forecast: "Forecast") -> str:
    reply = f" and {forecast.reply_tokens} tokens a reply" if forecast.reply_tokens else ""
    calls = ", ".join(f"{name} {calls:g}" for name, calls in forecast.calls_per_trajectory.items())
    return fit(
        f"An estimate, and nothing was sent: the seeds were run on {forecast.sample} of the "
        f"{forecast.trajectories['search']} inputs of the search split, with a simulated judge in place of the real "
        f"one, counting {forecast.chars_per_token} characters a token{reply}. Judge calls for one input: {calls}. "
        "Candidates are assumed to make as many as the mean seed; one that makes twice as many costs twice as much. "
        "What is in the cache already costs nothing."
    )


def render_tryout(answer: "TryoutAnswer") -> str:
    """The findings on an invalid draft; else its agreement, each pair, and what the judge said on each trajectory."""
    if answer.scores is None:
        lines = [str(finding) for finding in answer.findings]
        return fit(printable("\n".join(["not a valid harness:", *lines])))
    scores = answer.scores
    parts = [_tryout_summary(scores, answer.judge_calls), *([f"stopped: {answer.stopped}"] if answer.stopped else [])]
    parts += [f"{plural(error.trajectories, 'trajectory')} failed: {error.error}" for error in scores.errors]
    parts += _tried_items(scores.results or ())
    parts += [_trajectory(told) for told in scores.trajectories or ()]
    return fit(printable("\n".join(parts)))


def _tried_items(results: "Sequence[PairResult | ItemResult]") -> list[str]:
    """A table of single pairs, or of other items."""
    from meta_reward.search.tryout.answer_types import ItemResult, PairResult

    pairs = [
        [
            *(r.id, ", ".join(r.categories) or "-"),
            *(r.preferred, reward(r.preferred_reward), r.other, reward(r.other_reward)),
            points(r.margin),
        ]
        for r in results
        if isinstance(r, PairResult)
    ]
    if pairs:
        headers = ["pair", "categories", "preferred", "reward", "other", "reward", "margin"]
        return ["", render_table(headers, pairs), "", "margin: the preferred reward minus the other, in points"]
    items = [
        [r.id, ", ".join(r.categories) or "-", r.expected, "(failed)" if r.output is None else r.output, f"{r.score:g}"]
        for r in results
        if isinstance(r, ItemResult)
    ]
    return ["", render_table(["item", "categories", "expected", "answered", "score"], items)] if items else []


def _tryout_summary(scores: "TryoutScores", calls: "CallsUsed") -> str:
    best = scores.best
    compared = f"; {best.id}, the best so far, has {percent(best.score)} on them" if best else ""
    missing = f", {scores.not_scored} not scored" if scores.not_scored else ""
    cost = "price unknown" if calls.cost_usd is None else f"${calls.cost_usd:.2f}"
    return (
        f"agreement {percent(scores.score)} on {plural(scores.pairs, 'pair')} ({scores.tied} tied{missing}){compared}\n"
        f"{scores.tokens_per_trajectory} judge tokens a trajectory; {calls.made} judge calls, "
        f"{calls.new} of them new ({cost}), {calls.left} new ones left"
    )


def _trajectory(told: "TrajectoryResult") -> str:
    printed = f"\n  printed: {told.printed}" if told.printed is not None else ""
    if told.error is not None:
        return f"\n{told.id}: {told.error}\n{told.traceback}".rstrip() + printed
    reason = f" ({told.reason})" if told.reason else ""
    reply = f"\n  {told.last_reply}" if told.last_reply not in ("", told.reason) else ""
    answer = reward(told.reward) if told.output is None else told.output
    return f"\n{told.id}: {answer}{reason}{reply}{printed}"


def render_check(spec: str, check: Check) -> str:
    """One line per fact."""
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
    these = f"these {plural(check.calls, 'call')} ${check.total_usd:.6f}"
    return f"${price_in:.2f} in, ${price_out:.2f} out a million tokens; {these}"


def _finding(finding: Finding) -> str:
    word = "works" if finding.works else "does not work"
    return f"{word}: {finding.seen}" if finding.seen else word
