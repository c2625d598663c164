"""The result of importing problems, as text and as JSON."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_reward.report.imported import Skipped, power_of_task_set, render_power, render_skipped
from meta_reward.report.tables import plural
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.problems import categories_of

if TYPE_CHECKING:
    from meta_reward.tasks.importers.problem_rows import ProblemRows
    from meta_reward.tasks.importers.problems import MadeProblems, ProblemsLeftOut
    from meta_reward.tasks.problems import ProblemSet

_GAIN = 0.2


@dataclass(frozen=True, slots=True)
class ImportedProblems:
    """The imported problems, as `--json` prints them."""

    rows: int
    fields: list[dict[str, str]]
    """The fields that were read; more than one entry if the files differ."""
    problems: int
    corpus: int
    """Worked examples that programs can find."""
    halved: bool
    """Whether half of the problems with solutions became the corpus."""
    splits: dict[str, int]
    """Problems of each split."""
    categories: dict[str, int]
    """Problems of each."""
    left_out: "ProblemsLeftOut"
    contradictory: int
    """Problems whose solution boxes another answer; they are kept."""
    skipped: list[Skipped]


def imported_problems(
    found: "ProblemRows", examples: "ProblemRows | None", made: "MadeProblems", taskset: "ProblemSet"
) -> ImportedProblems:
    """A summary of the imported problems. examples: the rows of the corpus; None if it has no file."""
    counts = Counter(name for names in categories_of(made.problems).values() for name in names)
    skipped = [*found.skipped, *(examples.skipped if examples else ())]
    return ImportedProblems(
        rows=len(found.rows) + len(found.skipped),
        fields=[_fields(key.problem, key.answer, key.solution) for key in found.keys],
        problems=len(made.problems),
        corpus=len(made.corpus),
        halved=made.is_halved,
        splits={split: len(made.division.splits[split]) for split in SPLITS},
        categories=dict(sorted(counts.items())),
        left_out=made.left_out,
        contradictory=made.contradictory,
        skipped=[Skipped(str(p.place.path), p.place.row, p.field, p.what) for p in skipped],
    )


def render_problems(
    about: ImportedProblems, found: "ProblemRows", examples: "ProblemRows | None", taskset: "ProblemSet"
) -> list[str]:
    """The imported problems in a few lines."""
    lines = ["; ".join(f"{name}: field {key}" for name, key in fields.items()) for fields in about.fields]
    parts = ", ".join(f"{split} {count}" for split, count in about.splits.items())
    lines.append(f"{plural(about.problems, 'problem')}: {parts}")
    half = ": half of the problems with solutions, since no --corpus is given" if about.halved else ""
    lines.append(f"corpus: {plural(about.corpus, 'worked example')}{half}")
    lines += _left_out(about.left_out)
    if about.contradictory:
        lines.append(f"{plural(about.contradictory, 'problem')} whose solution boxes another answer, kept")
    if about.categories:
        lines.append("categories: " + ", ".join(f"{name} {count}" for name, count in about.categories.items()))
    for rows in filter(None, (found, examples)):
        if rows.skipped:
            lines.append(render_skipped(rows.skipped, len(rows.rows) + len(rows.skipped)))
    lines.append(render_power(power_of_task_set(taskset, _GAIN)))
    return lines


def _fields(problem: str | None, answer: str | None, solution: str | None) -> dict[str, str]:
    named = {"problem": problem, "answer": answer, "solution": solution}
    return {name: key for name, key in named.items() if key}


def _left_out(left_out: "ProblemsLeftOut") -> list[str]:
    problems = (
        (left_out.repeated, "given twice, exactly or nearly"),
        (left_out.two_answers, "given with more than one answer"),
    )
    corpus = (
        (left_out.exact, "also a problem to solve"),
        (left_out.near, "nearly a problem to solve"),
        (left_out.repeated_examples, "given twice"),
    )
    lines = []
    for of, reasons in (("problems", problems), ("corpus", corpus)):
        if told := [f"{count} {why}" for count, why in reasons if count]:
            lines.append(f"left out of the {of}: {', '.join(told)}")
    return lines
