"""The tables of `study optimizers`."""

from meta_reward.evaluation.statistics import Interval
from meta_reward.models.usage import dollars
from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.report.tables import SIMULATED, difference, percent, plural, with_interval
from meta_reward.search.forecast import Expense, Forecast
from meta_reward.search.studies.optimizer_numbers import OptimizerRow, OptimizerSearch
from meta_reward.search.studies.optimizers import OptimizerPlan, OptimizerTables

_COMPARED = (
    "scored: proposed programs that have a score; the validator refused the others, or they failed; median, best: "
    "agreement of those programs on search; test: sealed agreement of the program that the gate chose, with its 95% "
    "interval by test task; tokens: of the proposer, per iteration; to match: proposals until its best on search was "
    "as good as the final best of the others, as a median over the searches that got there. All others are means over "
    "searches"
)
_REPORTED = (
    "reported: the gain that an optimizer itself reports: its best program minus the baseline on search, where it "
    "selected that program; validation: the gain of the same program there, where it was not selected; replaced: in "
    "how many searches the gate replaced the baseline; test: the gain there of the gate's choice. In points, means "
    "over searches, with 95% intervals by task, which do not include the luck of a search"
)
_NULL = (
    "a null world: a coin decided which trajectory of a pair is preferred, so every program is equally good on tasks "
    "that it has not seen, and any sealed gain is luck"
)
_NOT_HERE = "not reproduced: TTT-Discover, which trains the weights of its proposer"


def optimizer_blocks(tables: OptimizerTables) -> list[Block]:
    """The optimizers side by side, the gains they report next to sealed ones, then each search."""
    by = f", written by {tables.writer}" if tables.writer else ""
    about = (
        f"{plural(tables.seeds, 'search', 'searches')} of each on {tables.taskset} with "
        f"{plural(tables.evaluations, 'proposal')}, {tables.candidates} an iteration{by}"
    )
    compared = "optimizer,scored,median,best,test [95%],tokens,to match".split(",")
    return [
        Title(f"Optimizers on {tables.taskset}{', labels by coin' if tables.null else ''}"),
        Lines([about, *([_NULL] if tables.null else []), f"search {' '.join(tables.search)}"]),
        Grid(compared, [_compared(one) for one in tables.arms]),
        Lines([_COMPARED]),
        Grid(
            ["optimizer", "reported", "validation [95%]", "replaced", "test [95%]"],
            [_reported(one) for one in tables.arms],
        ),
        Lines([_REPORTED]),
        Grid(
            ["optimizer", "seed", "start", "median", "best", "reported", "validation", "test", "to match"],
            [_single(one) for one in tables.searches],
        ),
        Lines(
            [
                "start: the best of the seed programs on search",
                _NOT_HERE,
                f"the test split of {tables.taskset} has been opened {plural(tables.openings, 'time')} by now, this "
                "study being one of them",
                SIMULATED if tables.simulated else "",
            ]
        ),
    ]


def _compared(one: OptimizerRow) -> list[object]:
    return [
        *(one.optimizer, f"{one.evaluated:.1f}"),
        *(percent(one.median), percent(one.best)),
        with_interval(one.chosen.mean, one.chosen.low, one.chosen.high, no_bounds=one.chosen.no_bounds),
        "-" if one.tokens is None else f"{one.tokens:,.0f}",
        f"{one.to_match:g} ({one.matched} of {one.searches})" if one.to_match is not None else "never",
    ]


def _reported(one: OptimizerRow) -> list[object]:
    replaced = f"{one.replaced} of {one.searches}"
    return [one.optimizer, _points(one.reported), _gain(one.sealed), replaced, _gain(one.gain)]


def _single(one: OptimizerSearch) -> list[object]:
    return [
        *(one.optimizer, one.seed, percent(one.start), percent(one.median), percent(one.best)),
        *(_points(one.reported), _points(one.sealed), _points(one.gain)),
        "never" if one.to_match is None else one.to_match,
    ]


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}"


def _gain(interval: Interval | None) -> str:
    """A gain in points; without an interval, the baseline was kept and the gain is 0."""
    return "+0.0" if interval is None else difference(interval).replace(" points", "")


def optimizer_estimate_blocks(plan: OptimizerPlan, part: Expense, forecast: Forecast) -> list[Block]:
    """The estimate that `--dry-run` prints."""
    arms = ", ".join(arm.name for arm in plan.arms)
    what = (
        f"{plural(len(plan.cells), 'search', 'searches')} with their tests: {arms}; {plan.seeds} of each, with "
        f"{plural(plan.evaluations, 'proposal')} each"
    )
    basis = "An estimate of what the judge takes, without proposers and their writing model; nothing was sent."
    row = ["the whole study", f"{part.judge_calls:,}", f"{part.judge_tokens:,}", dollars(part.cost_usd)]
    headers = [f"judge {forecast.judge}", "judge calls", "tokens", "cost"]
    return [Grid(headers, [row]), Lines([what, basis, SIMULATED if forecast.simulated else ""])]
