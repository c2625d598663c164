"""The answer of `library stats` as text, for a terminal."""

from meta_reward.models.usage import dollars
from meta_reward.propose.library.phases import Step
from meta_reward.propose.library.stats import LibraryStats
from meta_reward.report.tables import fit, points, render_table

_OF_ENTRIES = (
    "selected: trajectories of search for which the entry was chosen; called: those on which the judge called the "
    "tool; gained: gain on search from the edits that added or changed it; without: gain on search from leaving it "
    "out. In points; optimistic, since entries were chosen on search"
)
_OF_MARKS = (
    "marks: named parts of the answer, which do not count towards the reward; means on preferred and other runs; "
    "agreement: of the pairs with the mark on both sides, the share that the mark alone ranks right"
)


def render_library_stats(stats: LibraryStats) -> str:
    """Tables of entries, phases, candidates, marks and roles."""
    head = (
        f"library {stats.library}: {len(stats.entries)} entries, {stats.trajectories} trajectories on search; the "
        f"orchestrator learns from {stats.evolution} tasks, {stats.holdout} are held out"
    )
    parts = [fit(head), _entries(stats), fit(_OF_ENTRIES), _phases(stats), _steps(stats.steps)]
    parts += [_marks(stats), fit(_OF_MARKS)] if stats.marks else []
    return "\n\n".join(part for part in [*parts, _roles(stats)] if part)


def _entries(stats: LibraryStats) -> str:
    headers = ["entry", "kind", "selected", "called", "gained", "without"]
    rows: list[list[object]] = [
        [
            one.name,
            one.kind,
            f"{one.selected} of {stats.trajectories}",
            "-" if one.called is None else one.called,
            _points(one.gained),
            _points(one.without),
        ]
        for one in stats.entries
    ]
    return render_table(headers, rows)


def _phases(stats: LibraryStats) -> str:
    headers = ["phase", "candidates", "accepted", "gained", "outcomes"]
    rows: list[list[object]] = [
        [
            one.phase,
            one.candidates,
            f"{one.accepted:.0%}",
            _points(one.gained),
            ", ".join(f"{name} {count}" for name, count in one.outcomes.items()),
        ]
        for one in stats.phases
    ]
    return render_table(headers, rows) if rows else "no candidate yet"


def _steps(steps: list[Step]) -> str:
    headers = ["id", "from", "edits", "evolution", "hold-out", "outcome"]
    rows: list[list[object]] = [
        [
            one.id,
            one.start,
            ", ".join(f"{op} {name}" for op, name in one.changes) or "none",
            _points(one.evolution),
            _points(one.holdout),
            one.outcome,
        ]
        for one in steps
    ]
    return render_table(headers, rows) if rows else ""


def _marks(stats: LibraryStats) -> str:
    headers = ["mark", "preferred", "other", "pairs", "agreement"]
    rows: list[list[object]] = [
        [one.name, f"{one.preferred:.1f}", f"{one.other:.1f}", one.pairs, f"{one.agreement:.1%}"] for one in stats.marks
    ]
    return render_table(headers, rows)


def _roles(stats: LibraryStats) -> str:
    rows: list[list[object]] = [[one.role, one.calls, one.tokens, dollars(one.cost_usd)] for one in stats.roles]
    return render_table(["role", "calls", "tokens", "price"], rows)


def _points(gain: float | None) -> str:
    return "-" if gain is None else points(gain * 100)
