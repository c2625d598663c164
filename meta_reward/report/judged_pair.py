"""Two trajectories judged against each other, as text."""

from meta_reward.evaluation.records import Failure, record_to_json
from meta_reward.files import printable
from meta_reward.harness.entries import output_to_json
from meta_reward.report.query_tables import paragraphs
from meta_reward.report.standalone import render_spending
from meta_reward.report.tables import SIMULATED, fit, render_table, reward
from meta_reward.report.traces import render_exchange
from meta_reward.run.query_answers import TrajectoryTrace
from meta_reward.tasks.about import COMPARE
from meta_reward.use.judge_pair import LABELS, Judged, JudgedPair


def render_pair(pair: JudgedPair, *, chain: bool = False) -> str:
    """The scores, and which one is preferred. chain: whether to add what the judge thought, called and answered."""
    named = [f"{label}: {side.name}" for label, side in zip(LABELS, pair.sides, strict=True)]
    rows = [[_title(run, pair.kind), *(reward(run.scores.get(label)) for label in LABELS)] for run in pair.runs]
    if pair.kind == COMPARE:
        rows.append(["mean", *(reward(pair.scores.get(label)) for label in LABELS)])
    return paragraphs(
        fit(printable("\n".join(named))),
        render_table(["", *LABELS], rows),
        fit(_verdict(pair)),
        "\n".join(fit(printable(line)) for line in _failures(pair)),
        *(f"==== {_title(run, pair.kind)}\n\n{_exchange(run)}" for run in pair.runs if chain),
        fit(printable("\n".join(pair.loaded.about()))),
        "" if pair.simulated else fit(f"spent: {render_spending(pair.spent, pair.spent.__class__())}"),
        SIMULATED if pair.simulated else "",
    )


def _title(run: Judged, kind: str) -> str:
    return f"{run.shown[0]} shown first" if kind == COMPARE else f"{run.shown[0]} by itself"


def _verdict(pair: JudgedPair) -> str:
    if len(pair.scores) < len(LABELS):
        return "no verdict: a score is missing"
    margin = abs(pair.scores["A"] - pair.scores["B"])
    said = f"{pair.preferred} is preferred, by {margin:g} points" if pair.preferred else "neither is preferred"
    return said + ("; which one the judge prefers depends on the order" if pair.depends_on_order else "")


def _failures(pair: JudgedPair) -> list[str]:
    errors = [(run, run.result.error) for run in pair.runs]
    return [f"{_title(run, pair.kind)}: {_words(error)}" for run, error in errors if error is not None]


def _words(error: Failure) -> str:
    return f"{error.kind}: {error.message}"


def _exchange(run: Judged) -> str:
    """The judge's questions and replies in one run."""
    result = run.result
    side = TrajectoryTrace(
        trajectory=" and ".join(run.shown),
        task="",
        reward=None if result.output is None else output_to_json(result.output),
        output=None,
        error=None if result.error is None else record_to_json(result.error),
        printed=result.printed,
        asked=[],
        pairs=[],
        asks=len({call.ask for call in result.calls}),
        calls=[record_to_json(call) for call in result.calls],
    )
    return render_exchange(side, chain=True)
