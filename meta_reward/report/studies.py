"""The tables of studies, for a terminal and as Markdown: both from the same blocks.

A block is a paragraph or a grid. Every text in it may come from a model or a stranger's task set, so each is made
printable, and without markup of its own in Markdown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.files import printable
from meta_reward.report.standalone import markdown_cell
from meta_reward.report.tables import SIMULATED, difference, fit, percent, plural, render_table, with_interval
from meta_reward.search.studies.clusters import Cluster, ClusterTables, RunClusters
from meta_reward.tasks.clusters import WHAT_IS_A_WRITE

_MOST_IDS = 8


@dataclass(frozen=True, slots=True)
class Title:
    """What the page is."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]


Block = Title | Grid | str


def render_text(blocks: Sequence[Block]) -> str:
    """Blocks for a terminal; the title is left out."""
    return "\n\n".join(_text(block) for block in blocks if block and not isinstance(block, Title))


def render_page(blocks: Sequence[Block]) -> str:
    """Blocks as Markdown."""
    return "\n\n".join(_markdown(block) for block in blocks if block) + "\n"


def _text(block: Block) -> str:
    if isinstance(block, Grid):
        return render_table(block.headers, block.rows)
    return fit(printable(block if isinstance(block, str) else block.text))


def _markdown(block: Block) -> str:
    if isinstance(block, Title):
        return f"# {markdown_cell(block.text)}"
    if isinstance(block, str):
        return "\n".join(
            f"- {markdown_cell(line)}" if "\n" in block else markdown_cell(line) for line in block.split("\n")
        )
    lines = [block.headers, ["---"] * len(block.headers), *block.rows]
    cells = [[cell if cell == "---" else markdown_cell(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def cluster_blocks(tables: ClusterTables) -> list[Block]:
    """The tables of `study clusters`: what got worse first."""
    blocks: list[Block] = [Title(f"Clusters of {', '.join(run.run for run in tables.runs)}")]
    blocks.append(
        f"{tables.taskset}, {tables.split} split, {plural(tables.pairs, 'pair')}"
        + ("; the chosen harness was selected on these pairs, so its gain is optimistic" if tables.selected else "")
    )
    blocks += [_what_got_worse(run, len(tables.runs) > 1) for run in tables.runs]
    if len(tables.runs) == 1:
        blocks += _one_run(tables.runs[0])
    else:
        blocks += _several_runs(tables)
    blocks.append(
        f"won by no harness: {_ids(tables.never_won)}" if tables.never_won else "every pair is won by some harness"
    )
    blocks.append(_rules(tables))
    if any(run.simulated for run in tables.runs):
        blocks.append(SIMULATED)
    return blocks


def _what_got_worse(run: RunClusters, named: bool) -> str:
    who = f"{run.run}: " if named else ""
    if run.baseline == run.chosen:
        return f"{who}the baseline {run.baseline} was chosen, so nothing got worse and nothing better"
    worse = [cluster for cluster in run.clusters if cluster.change.difference.mean < 0]
    if worse:
        return "\n".join(f"{who}worse: {_sentence(cluster)}" for cluster in worse)
    pairs = (
        f"; {plural(len(run.all.broken), 'pair')} did all the same: {_ids(run.all.broken)}" if run.all.broken else ""
    )
    return f"{who}no cluster got worse{pairs}"


def _sentence(cluster: Cluster) -> str:
    change = cluster.change
    counts = f"{len(change.broken)} broken, {len(change.fixed)} fixed of {plural(change.pairs, 'pair')}"
    return f"{cluster.name}, {difference(change.difference)}, {counts}: broken {_ids(change.broken)}"


def _one_run(run: RunClusters) -> list[Block]:
    rows = [_row(_title(cluster), cluster) for cluster in run.clusters]
    whole = [
        *("all", run.all.pairs, percent(run.all.baseline), percent(run.all.chosen)),
        *(difference(run.all.difference).replace(" points", ""), len(run.all.fixed), len(run.all.broken)),
    ]
    headers = ["cluster", "pairs", run.baseline, run.chosen, "difference [95%]", "fixed", "broken"]
    listed = [
        f"{_title(cluster)}: {_listed(cluster)}"
        for cluster in run.clusters
        if cluster.change.lost_by_baseline or cluster.change.lost_by_chosen
    ]
    return [Grid(headers, [*rows, whole]), "\n".join(listed), _sizes((run,))]


def _row(title: str, cluster: Cluster) -> list[object]:
    change = cluster.change
    shown = difference(change.difference).replace(" points", "")
    return [
        title,
        change.pairs,
        percent(change.baseline),
        percent(change.chosen),
        shown,
        len(change.fixed),
        len(change.broken),
    ]


def _listed(cluster: Cluster) -> str:
    change = cluster.change
    parts = {
        "broken": change.broken,
        "fixed": change.fixed,
        "as before not won": tuple(id for id in change.lost_by_chosen if id not in {*change.broken, *change.fixed}),
    }
    return "; ".join(f"{name} {_ids(ids)}" for name, ids in parts.items() if ids)


def _several_runs(tables: ClusterTables) -> list[Block]:
    names = [(cluster.name, cluster.by_rule) for cluster in tables.runs[0].clusters]
    rows: list[list[object]] = []
    for key in sorted(names):
        found = [next(c for c in run.clusters if (c.name, c.by_rule) == key) for run in tables.runs]
        rows.append(
            [_title(found[0]), found[0].change.pairs, *(_turn(c.change.baseline, c.change.chosen) for c in found)]
        )
    rows.append(["all", tables.pairs, *(_turn(run.all.baseline, run.all.chosen) for run in tables.runs)])
    grid = Grid(["cluster", "pairs", *(f"{run.run}: {run.judge}" for run in tables.runs)], rows)
    return [
        grid,
        "agreement of the baseline, then of the chosen harness, under the judge of each run",
        _sizes(tables.runs),
    ]


def _turn(before: float, after: float) -> str:
    return f"{percent(before)} to {percent(after)}"


def _sizes(runs: Sequence[RunClusters]) -> Grid:
    rows = []
    for run in runs:
        sides = {
            run.baseline: (run.baseline_size, run.baseline_agreement),
            run.chosen: (run.chosen_size, run.chosen_agreement),
        }
        for id, (size, found) in sides.items():
            agreement = with_interval(found.mean, found.low, found.high, no_bounds=found.no_bounds)
            rows.append([f"{run.run} {id}", run.judge, f"{size.lines:,}", f"{size.tokens:,}", agreement])
    return Grid(["harness", "judge", "lines", "tokens", "agreement [95%]"], rows)


def _title(cluster: Cluster) -> str:
    return f"{cluster.name} (rule)" if cluster.by_rule else cluster.name


def _rules(tables: ClusterTables) -> str:
    shown = [cluster for cluster in tables.runs[0].clusters if cluster.meaning]
    lines = [f"{_title(cluster)}: {cluster.meaning}" for cluster in sorted(shown, key=_title)]
    if any(cluster.by_rule for cluster in shown):
        lines.append(WHAT_IS_A_WRITE)
    lines.append("fixed, broken: pairs on which the chosen harness does better, worse; a tie counts one half")
    return "\n".join(lines)


def _ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
    return f"{', '.join(ids[:_MOST_IDS])}{more}" if ids else "none"
