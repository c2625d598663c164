"""The results of studies: first what a reader must not miss, then the tables, then a legend."""

from collections.abc import Iterable, Mapping, Sequence

from meta_reward.evaluation.statistics import Interval
from meta_reward.models.usage import Spent, dollars, dollars_of
from meta_reward.report.blocks import Block, Grid, Lines, Title
from meta_reward.report.tables import SIMULATED, difference, percent, plural, with_interval
from meta_reward.search.studies.ablate import SAME, AblatedPart, AblationTables, Compared
from meta_reward.search.studies.clusters import Cluster, ClusterTables, RunClusters
from meta_reward.search.studies.estimate import StudyEstimate
from meta_reward.search.studies.transfer import TransferCell, TransferTables, Use
from meta_reward.tasks.clusters import WHAT_IS_A_WRITE

_MOST_IDS = 8
_SELECTED = "; the chosen harness was selected on these very pairs, so its gain is optimistic"


def cluster_blocks(tables: ClusterTables) -> list[Block]:
    """The tables of `study clusters`: the clusters that got worse come first."""
    runs = tables.runs
    about = f"{tables.taskset}, {tables.split} split, {plural(tables.pairs, 'pair')}"
    return [
        Title(f"Clusters of {', '.join(run.run for run in runs)}"),
        Lines([about + (_SELECTED if tables.selected else "")]),
        Lines([line for run in runs for line in what_got_worse(run, f"{run.run}: " if len(runs) > 1 else "")]),
        *(_one_run(runs[0]) if len(runs) == 1 else _several_runs(tables)),
        _sizes_of_runs(runs),
        Lines([f"won by no harness: {_ids(tables.never_won)}"]),
        _meanings(tables),
        _simulated(run.simulated for run in runs),
    ]


def what_got_worse(run: RunClusters, who: str = "") -> list[str]:
    """One line per cluster that got worse with the chosen harness, or a line that none did. who: put before each."""
    if run.baseline == run.chosen:
        return [f"{who}the baseline {run.baseline} was chosen, so nothing got better or worse"]
    worse = [cluster for cluster in run.clusters if cluster.change.difference.mean < 0]
    if worse:
        return [f"{who}worse: {_sentence(cluster)}" for cluster in worse]
    pairs = f", but {plural(len(run.all.broken), 'pair')} did: {_ids(run.all.broken)}" if run.all.broken else ""
    return [f"{who}no cluster got worse{pairs}"]


def _sentence(cluster: Cluster) -> str:
    change = cluster.change
    counts = f"{len(change.fixed)} fixed and {len(change.broken)} broken of {plural(change.pairs, 'pair')}"
    return f"{_title(cluster)}, {difference(change.difference)}, {counts}: {_ids(change.broken)}"


def _one_run(run: RunClusters) -> list[Block]:
    changes = {_title(cluster): cluster.change for cluster in run.clusters} | {"all": run.all}
    rows = [
        [
            *(title, change.pairs, percent(change.baseline), percent(change.chosen)),
            *(_bare(change.difference), len(change.fixed), len(change.broken)),
        ]
        for title, change in changes.items()
    ]
    headers = ["cluster", "pairs", "baseline", "chosen", "difference [95%]"]
    return [Grid([*headers, "fixed", "broken"], rows), Lines([_listed(cluster) for cluster in run.clusters])]


def _listed(cluster: Cluster) -> str:
    change = cluster.change
    turned = {*change.broken, *change.fixed}
    parts = {
        "broken": change.broken,
        "fixed": change.fixed,
        "lost by both": tuple(id for id in change.lost_by_chosen if id not in turned),
    }
    said = "; ".join(f"{name} {_ids(ids)}" for name, ids in parts.items() if ids)
    return f"{_title(cluster)}: {said}" if said else ""


def _several_runs(tables: ClusterTables) -> list[Block]:
    by_run = [{_key(cluster): cluster for cluster in run.clusters} for run in tables.runs]
    rows: list[list[object]] = []
    for key in sorted(by_run[0]):
        changes = [clusters[key].change for clusters in by_run]
        turns = [f"{percent(change.baseline)} to {percent(change.chosen)}" for change in changes]
        rows.append([_title(by_run[0][key]), changes[0].pairs, *turns])
    rows.append(["all", tables.pairs, *(f"{percent(r.all.baseline)} to {percent(r.all.chosen)}" for r in tables.runs)])
    legend = "from the agreement of the baseline to that of the chosen harness, under the judge of each run"
    return [Grid(["cluster", "pairs", *(f"{run.run}: {run.judge}" for run in tables.runs)], rows), Lines([legend])]


def _sizes_of_runs(runs: Sequence[RunClusters]) -> Grid:
    rows = []
    for run in runs:
        sides = {f"baseline {run.baseline}": (run.baseline_size, run.baseline_agreement)}
        if run.chosen != run.baseline:
            sides[f"chosen {run.chosen}"] = (run.chosen_size, run.chosen_agreement)
        for name, (size, found) in sides.items():
            rows.append([run.run, run.judge, name, f"{size.lines:,}", f"{size.tokens:,}", _share(found)])
    return Grid(["run", "judge", "harness", "lines", "tokens", "agreement [95%]"], rows)


def _meanings(tables: ClusterTables) -> Lines:
    shown = sorted((cluster for cluster in tables.runs[0].clusters if cluster.meaning), key=_key)
    lines = [f"{_title(cluster)}: {cluster.meaning}" for cluster in shown]
    if any(cluster.by_rule for cluster in shown):
        lines.append(f"(rule): found by that rule, as the pairs carry no category; {WHAT_IS_A_WRITE}")
    turned = "fixed, broken: pairs on which the chosen harness does better, worse; a tie counts one half"
    return Lines([*lines, f"{turned}; lost by both: not won, and as before; tokens: characters / 4"])


def _key(cluster: Cluster) -> tuple[str, bool]:
    return cluster.name, cluster.by_rule


def _title(cluster: Cluster) -> str:
    return f"{cluster.name} (rule)" if cluster.by_rule else cluster.name


def ablation_blocks(tables: AblationTables) -> list[Block]:
    """The tables of `study ablate`: the part whose loss costs most first."""
    measured = {part: part.without for part in tables.parts if part.without is not None}
    rows = [[f"without {part.part}", *_compared(without)] for part, without in _dearest_first(measured)]
    rows += [[f"without {part.part}", "-", "-", "-", "-"] for part in tables.parts if part.without is None]
    chosen, baseline = _compared(tables.chosen), _compared(tables.baseline)
    about = f"{tables.taskset}, {tables.split} split, {plural(tables.pairs, 'pair')}, judge {tables.judge}"
    return [
        Title(f"Ablation of {tables.run}"),
        Lines([about + ("" if tables.split == "test" else _SELECTED)]),
        Lines([_what_made_it(measured)]),
        Grid(
            ["harness", "agreement", "difference [95%]", "failures", "judge tokens"],
            [[f"chosen {tables.chosen_id}", *chosen], *rows, [f"baseline {tables.baseline_id}", *baseline]],
        ),
        Lines(_why_not(tables.parts)),
        Lines(
            [
                "without a part: the chosen harness with that part replaced by the baseline's; difference: from the "
                "chosen one, pair by pair, with its interval by task; failures: pairs with a missing reward, which are "
                "lost. The differences of parts do not add up to that of the baseline, since parts work together.",
                *_opened(tables.openings),
            ]
        ),
        _simulated([tables.simulated]),
    ]


def _dearest_first(measured: Mapping[AblatedPart, Compared]) -> list[tuple[AblatedPart, Compared]]:
    return sorted(measured.items(), key=lambda item: item[1].difference.mean if item[1].difference else 0.0)


def _what_made_it(measured: Mapping[AblatedPart, Compared]) -> str:
    if not measured:
        return "no part of the chosen harness could be measured by itself"
    found = _dearest_first(measured)
    sure = [(p.part, w.difference) for p, w in found if w.difference and w.difference.high and w.difference.high < 0]
    if not sure:
        return "no single part is surely worth something: every interval holds 0, or has no bounds"
    return "surely worth something: " + "; ".join(f"{part} ({difference(lost)} without it)" for part, lost in sure)


def _compared(compared: Compared) -> list[object]:
    shown = "-" if compared.difference is None else _bare(compared.difference)
    return [percent(compared.agreement.mean), shown, compared.failures, f"{compared.judge_tokens:,}"]


def _why_not(parts: Sequence[AblatedPart]) -> list[str]:
    same = [part.part for part in parts if part.status == SAME]
    lines = [f"same as the baseline's, so nothing was measured: {', '.join(same)}"] if same else []
    return lines + [f"{part.part} is not separable: {part.reason}" for part in parts if part.reason]


def transfer_blocks(tables: TransferTables) -> list[Block]:
    """The tables of `study transfer`: how many wins first."""
    sizes = {
        f"baseline {tables.baseline_id}": tables.baseline_size,
        f"chosen {tables.chosen_id}": tables.chosen_size,
    }
    return [
        Title(f"Transfer of {tables.run}"),
        Lines([_wins(tables)]),
        Grid(["judge", "tasks", "pairs", "baseline", "chosen", "difference [95%]"], [_row(c) for c in tables.cells]),
        Lines([*_selected_on(tables), *(_failed(cell) for cell in tables.cells if cell.failures)]),
        Grid(
            ["harness", "lines", "tokens"],
            [[title, f"{size.lines:,}", f"{size.tokens:,}"] for title, size in sizes.items()],
        ),
        Grid(["judge", "tasks", "calls", "context"], [_uses(cell) for cell in tables.cells]),
        Lines(
            [
                "own: the judge and the tasks of the run, so not a transfer; difference: chosen minus baseline, "
                "pair by pair, with its interval by task; calls, context: judge calls per trajectory and characters "
                "sent to the judge, for the baseline and for the chosen harness; about: estimated from the tokens on "
                "record in the run; tokens of a harness: characters / 4",
                *_opened(tables.openings),
            ]
        ),
        _simulated(cell.simulated for cell in tables.cells),
    ]


def _wins(tables: TransferTables) -> str:
    places = plural(tables.transfers, "other place")
    return (
        f"the chosen harness {tables.chosen_id} beats the baseline {tables.baseline_id} in {tables.wins} of {places}, "
        f"in {tables.sure_wins} of them with an interval above 0"
    )


def _row(cell: TransferCell) -> list[object]:
    shares = (percent(cell.baseline.mean), percent(cell.chosen.mean))
    return [*_place(cell), cell.pairs, *shares, _bare(cell.difference)]


def _place(cell: TransferCell) -> tuple[str, str]:
    return f"{cell.judge} (own)" if cell.own else cell.judge, f"{cell.taskset}, {cell.split}"


def _selected_on(tables: TransferTables) -> list[str]:
    """A warning if the run's own tasks are of a split that the chosen harness was selected on."""
    own = next(cell for cell in tables.cells if cell.own)
    if own.split == "test":
        return []
    where = f"{own.taskset}, {own.split}"
    return [f"{tables.chosen_id} was selected on {where}, so its gains there are optimistic, under any judge"]


def _failed(cell: TransferCell) -> str:
    lost = plural(cell.failures, "pair")
    return f"for lack of a reward, the chosen harness loses {lost} under {cell.judge} on {cell.taskset}, {cell.split}"


def _uses(cell: TransferCell) -> list[object]:
    before, after = cell.baseline_use, cell.chosen_use
    calls = f"{before.calls:.2f} to {after.calls:.2f}"
    return [*_place(cell), calls, f"{_context(before)} to {_context(after)}"]


def _context(use: Use) -> str:
    return f"about {round(use.context_chars, -2):,.0f}" if use.estimated else f"{use.context_chars:,.0f}"


def estimate_blocks(estimate: StudyEstimate) -> list[Block]:
    """The estimate that `--dry-run` prints."""
    if not estimate.jobs:
        return [Lines(["everything is measured already; nothing will be asked"])]
    rows = [
        [
            *(job.what, f"{job.taskset}, {job.split}", job.judge, job.trajectories),
            *(f"{job.part.judge_calls:,}", f"{job.part.judge_tokens:,}", dollars(job.part.cost_usd)),
        ]
        for job in estimate.jobs
    ]
    whole = estimate.whole
    total = ["all", "", "", sum(job.trajectories for job in estimate.jobs)]
    rows.append([*total, f"{whole.judge_calls:,}", f"{whole.judge_tokens:,}", dollars(whole.cost_usd)])
    basis = (
        "runs: trajectories. An estimate, and nothing was sent: each program was run on a sample with a simulated "
        f"judge in place of a real one, counting {estimate.chars_per_token} characters a token and "
        f"{estimate.reply_tokens} tokens a real reply. What is in the cache already costs nothing."
    )
    headers = ["harness", "tasks", "judge", "runs", "judge calls", "tokens", "cost"]
    return [Grid(headers, rows), Lines([basis]), _simulated(job.simulated for job in estimate.jobs)]


def render_spent(spent: Spent) -> str:
    """What all starts of a study have spent."""
    return f"spent: {plural(spent.misses, 'judge call')} made anew, {dollars_of(spent)}"


def _opened(openings: Mapping[str, int]) -> list[str]:
    return [f"the test split of {name} has been opened {plural(count, 'time')}" for name, count in openings.items()]


def _simulated(each: Iterable[bool]) -> Lines:
    return Lines([SIMULATED] if any(each) else [])


def _bare(found: Interval) -> str:
    return difference(found).replace(" points", "")


def _share(found: Interval) -> str:
    return with_interval(found.mean, found.low, found.high, no_bounds=found.no_bounds)


def _ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
    return f"{', '.join(ids[:_MOST_IDS])}{more}" if ids else "none"
