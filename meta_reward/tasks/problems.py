"""Task sets of kind `solve`: problems with one right answer each, and a corpus of worked examples to search.

    tasks/<name>/
      taskset.json         with "kind": "solve"
      problems.jsonl       one problem per line: id, problem, answer, maybe solution, metadata
      corpus.jsonl         one text per line: id, text, metadata
      splits.json          which problem belongs to which split; written at first use if it is missing

Every problem is its own task. Metadata are texts, numbers and booleans by name. Loading checks everything; errors name
the file and the line. The digest covers these files and nothing else in the folder.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.tasks.about import About, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder, digest_of, new_task_set
from meta_reward.tasks.divide import Division
from meta_reward.tasks.entries import load_entries
from meta_reward.tasks.splits import load_division

KIND = "solve"
MAX_CATEGORIES = 20
"""A metadata key with more values than this is not used for categories: each would cover too few problems."""

Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem."""

    id: str
    problem: str
    answer: str
    solution: str | None = None
    """A worked solution for people and proposers; programs never see it."""
    metadata: Metadata = field(default_factory=dict)

    @property
    def task(self) -> str:
        """Its own id: every problem is its own task."""
        return self.id


@dataclass(frozen=True, slots=True)
class CorpusText:
    """One text that programs may find."""

    id: str
    text: str
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProblemSet(AnyTaskSet):
    """A loaded task set of problems."""

    content = ("taskset.json", "problems.jsonl", "corpus.jsonl", "splits.json")

    path: Path
    about: About
    problems: tuple[Problem, ...]
    corpus: tuple[CorpusText, ...]
    division: Division | None
    """Its splits, which cover every problem; None without `splits.json`."""
    digest: str

    @property
    def tasks_of_items(self) -> Sequence[str]:
        return [problem.task for problem in self.problems]

    def part(self, tasks: Collection[str]) -> list[Problem]:
        """The problems of these tasks, in file order."""
        wanted = set(tasks)
        return [problem for problem in self.problems if problem.task in wanted]


def load_problem_set(path: Path) -> ProblemSet:
    """Load and check a task set of problems. Raises DataError that names the file and what to fix."""
    check_folder(path)
    about = load_about(path, kind=KIND)
    problems = load_entries(path / "problems.jsonl", _parse_problem, what="problems")
    corpus = load_entries(path / "corpus.jsonl", _parse_text, what="texts")
    ids = {problem.id for problem in problems}
    division = load_division(path, ids, ids)
    return ProblemSet(path, about, problems, corpus, division, digest_of(path, ProblemSet.content))


def save_problem_set(
    path: Path,
    about: About,
    *,
    problems: Iterable[Problem],
    corpus: Iterable[CorpusText],
    division: Division | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all.

    replace: whether to replace an existing task set; its openings are kept.
    """
    with new_task_set(path, about, division, replace=replace) as folder:
        files.write_lines(folder / "problems.jsonl", map(_stored, problems))
        files.write_lines(folder / "corpus.jsonl", corpus)


def categories_of(problems: Sequence[Problem]) -> dict[str, tuple[str, ...]]:
    """The categories of each problem, by id: its metadata values under keys that have few values."""
    values: dict[str, set[Scalar]] = defaultdict(set)
    for problem in problems:
        for key, value in problem.metadata.items():
            values[key].add(value)
    few = {key for key, known in values.items() if len(known) <= min(MAX_CATEGORIES, max(1, len(problems) // 2))}
    return {
        problem.id: tuple(_category(key, value) for key, value in problem.metadata.items() if key in few)
        for problem in problems
    }


def _category(key: str, value: Scalar) -> str:
    return value if isinstance(value, str) else f"{key} {str(value).lower()}"


def _stored(problem: Problem) -> dict[str, Any]:
    data = files.as_dict(problem)
    if problem.solution is None:
        del data["solution"]
    return data


def _parse_problem(data: dict[str, Any]) -> Problem:
    id, problem, answer = (_text(data, key) for key in ("id", "problem", "answer"))
    solution = _text(data, "solution") if data.get("solution") is not None else None
    return Problem(id, problem, answer, solution, _metadata(data))


def _parse_text(data: dict[str, Any]) -> CorpusText:
    return CorpusText(_text(data, "id"), _text(data, "text"), _metadata(data))


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is missing" if value is None else f"{key} is not a text, or an empty one")
    return value


def _metadata(data: dict[str, Any]) -> Metadata:
    metadata = data.get("metadata", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, Scalar) for value in metadata.values()):
        raise ValueError("metadata is not an object of texts, numbers and truth values")
    return metadata
