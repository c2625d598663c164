"""`meta-reward import --kind solve`: rows of problem and answer as a task set, with a corpus to search."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward.cli.import_texts import Told
from meta_reward.files import printable


def run(paths: tuple[Path, ...], path: Path, flags: Mapping[str, Any], *, dry_run: bool) -> Told:
    """Import problems to `path`, unless it is a dry run."""
    from meta_reward.report.imported_problems import imported_problems, render_problems
    from meta_reward.tasks.about import About
    from meta_reward.tasks.importers.problem_rows import ProblemKeys, read_problem_rows
    from meta_reward.tasks.importers.problems import make_problems
    from meta_reward.tasks.problems import KIND, ProblemSet, save_problem_set

    keys = ProblemKeys(flags["problem_key"], flags["answer_key"], flags["solution_key"])
    skip_errors, corpora = flags["skip_errors"], flags["corpus"]
    found = read_problem_rows(paths, keys, skip_errors=skip_errors)
    examples = read_problem_rows(corpora, ProblemKeys(), corpus=True, skip_errors=skip_errors) if corpora else None
    made = make_problems(found.rows, examples.rows if examples else None, path, name=path.name, seed=flags["seed"])
    names = ", ".join(str(Path(p.parent.name, p.name)) for p in (*paths[:5], *corpora[:5]))
    about = About(path.name, source=flags["source"] or printable(names), licence=flags["licence"], kind=KIND)
    taskset = ProblemSet(path, about, made.problems, made.corpus, made.division, digest="")
    if not dry_run:
        save_problem_set(
            path,
            about,
            problems=made.problems,
            corpus=made.corpus,
            division=made.division,
            replace=flags["force"],
        )
    told = imported_problems(found, examples, made, taskset)
    return Told(render_problems(told, found, examples, taskset), told)
