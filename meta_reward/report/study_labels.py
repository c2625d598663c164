"""The tables of `study labels`."""

from meta_reward.models.usage import dollars
from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.report.tables import SIMULATED, difference, percent, plural
from meta_reward.search.forecast import Expense, Forecast
from meta_reward.search.studies.labels import LabelPlan, LabelShare, LabelTables


def label_blocks(tables: LabelTables) -> list[Block]:
    """Agreement on the sealed test split by number of labelled tasks, then each search."""
    pairs = "all pairs" if tables.pairs_per_task is None else f"at most {plural(tables.pairs_per_task, 'pair')}"
    about = (
        f"searches on {tables.taskset} with a part of the search tasks and {pairs} of each; validation "
        f"({plural(tables.validation_tasks, 'task')}) and test ({plural(tables.test_tasks, 'task')}) whole"
    )
    return [
        Title(f"Labels for {tables.taskset}"),
        Lines([about, *([f"search {' '.join(tables.search)}"] if tables.search else [])]),
        Grid(
            ["share", "tasks", "pairs", "replaced", "baseline", "chosen", "gain [95%]", "of full"],
            [_share(one) for one in tables.shares],
        ),
        Lines(
            [
                "share, tasks, pairs: search tasks with labels, and their pairs; replaced: in how many searches the "
                "baseline was replaced; baseline, chosen: mean agreement on the sealed test split; gain: mean of "
                "chosen minus baseline in points, with its 95% interval by test task, which does not include the luck "
                "of a search; of full: the gain as a share of that with all search tasks"
            ]
        ),
        Grid(
            ["share", "seed", "search tasks", "pairs", "baseline", "chosen", "replaced"],
            [
                [
                    *(f"{one.share}%", one.seed, one.tasks, one.pairs),
                    *(percent(one.baseline), percent(one.chosen), "yes" if one.replaced else "no"),
                ]
                for one in tables.searches
            ],
        ),
        Lines(
            [
                f"the test split of {tables.taskset} has been opened {plural(tables.openings, 'time')} by now, this "
                "study being one of them",
                SIMULATED if tables.simulated else "",
            ]
        ),
    ]


def _share(one: LabelShare) -> list[object]:
    return [
        f"{one.share}%",
        one.tasks,
        f"{one.pairs:.0f}",
        f"{one.replaced} of {one.searches}",
        percent(one.baseline),
        percent(one.chosen),
        difference(one.gain).replace(" points", ""),
        "-" if one.of_full is None else f"{one.of_full:.0%}",
    ]


def estimate_blocks(plan: LabelPlan, part: Expense, forecast: Forecast) -> list[Block]:
    """The estimate that `--dry-run` prints."""
    shares = ", ".join(f"{share}%" for share in plan.shares)
    what = (
        f"{plural(len(plan.cells), 'search', 'searches')} with their tests: {shares} of "
        f"{plural(len(plan.splits['search']), 'search task')}, {plural(plan.repeats, 'time')} each"
    )
    row = [f"{part.judge_calls:,}", f"{part.judge_tokens:,}", dollars(part.cost_usd)]
    basis = (
        "An estimate, and nothing was sent: what `meta-reward search --dry-run` says of one search, with the part that "
        "grows with the search tasks in proportion to them. What is in the cache already costs nothing."
    )
    headers = [f"judge {forecast.judge}", "judge calls", "tokens", "cost"]
    return [Grid(headers, [["the whole study", *row]]), Lines([what, basis, SIMULATED if forecast.simulated else ""])]
