"""Rows of problems with answers, or of worked examples for a corpus: finding out which field is which.

Every other field with a short text, a number or a boolean is metadata. Without an answer, the content of the last
`\\boxed{}` in the solution is used. All rows that cannot be read are reported together, as Problems with their places.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.answers import boxed_answer, is_same_answer
from meta_reward.tasks.importers.fields import as_object, task_name, value_at
from meta_reward.tasks.importers.record import Place, Problem, RowError, brief, names_of, parse_each, usable
from meta_reward.tasks.importers.rows import iter_rows, sample_rows
from meta_reward.tasks.problems import Metadata

_PROBLEM = ("problem", "question", "prompt", "input")
_ANSWER = ("answer", "final_answer", "expected_answer", "target", "output")
_SOLUTION = ("solution", "worked_solution", "rationale", "explanation")
_LONGEST_VALUE = 200  # characters; a longer text is not metadata
_LARGEST = 2**53
_FINAL = re.compile(r"(?s)(?P<solution>.*)\n#### *(?P<answer>[^\n]+)\s*")  # how GSM8K ends an answer


@dataclass(frozen=True, slots=True)
class ProblemKeys:
    """The names of the fields of a row; `a.b` is field b of field a. None if there is no such field."""

    problem: str | None = None
    answer: str | None = None
    solution: str | None = None


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One row. A row of a corpus may lack the answer or the solution."""

    place: Place
    id: str
    """"" if the row has none."""
    problem: str
    answer: str
    solution: str
    metadata: Metadata

    @property
    def is_contradictory(self) -> bool:
        """Whether the solution boxes another answer."""
        boxed = boxed_answer(self.solution)
        return boxed is not None and not is_same_answer(boxed, self.answer)


@dataclass(frozen=True, slots=True)
class ProblemRows:
    """All rows of some files."""

    rows: tuple[ProblemRow, ...]
    keys: tuple[ProblemKeys, ...]
    """The field names with which each file was read."""
    skipped: tuple[Problem, ...]


def read_problem_rows(
    paths: Sequence[Path], keys: ProblemKeys, *, corpus: bool = False, skip_errors: bool = False
) -> ProblemRows:
    """Every row of the files, in order. corpus: whether rows need only a solution.

    Raises BadRows with every row that cannot be read, unless they are skipped, and DataError for an unreadable file.
    """
    used = {path: fields_of(path, keys, corpus=corpus) for path in paths}
    items = (
        item for path in used for item in parse_each(iter_rows(path), partial(_row, keys=used[path], corpus=corpus))
    )
    rows, skipped = usable(items, paths[0], skip_errors=skip_errors)
    return ProblemRows(rows, tuple(dict.fromkeys(used.values())), skipped)


def fields_of(path: Path, keys: ProblemKeys, *, corpus: bool = False) -> ProblemKeys:
    """The field names of a file: those given, else the usual names. Raises DataError that lists the file's fields."""
    sample = sample_rows(path)
    if not sample:
        raise DataError(path, "holds no rows that are objects")
    problem = _field(sample, keys.problem, _PROBLEM)
    answer = _field(sample, keys.answer, _ANSWER)
    solution = _field(sample, keys.solution, _SOLUTION)
    there = names_of(sample[0])
    if problem is None:
        what = f"no field {keys.problem!r}" if keys.problem else "nowhere a field with the problem"
        raise DataError(path, f"has {what}; it has {there}", hint="name it with --problem")
    if answer is None and keys.answer:
        raise DataError(path, f"has no field {keys.answer!r}; it has {there}", hint="name it with --answer")
    if answer is None and solution is None:
        what = "has neither answers nor solutions"
        why = "name the answers with --answer" if not corpus else "a corpus holds worked problems; name --answer"
        raise DataError(path, f"{what}; it has {there}", hint=why)
    return ProblemKeys(problem, answer, solution)


def _field(sample: Sequence[dict[str, Any]], given: str | None, usual: Iterable[str]) -> str | None:
    names = [given] if given else usual
    return next((name for name in names if any(value_at(row, name) is not None for row in sample)), None)


def _row(place: Place, given: Any, *, keys: ProblemKeys, corpus: bool) -> ProblemRow:
    row = as_object(given)
    problem = _text(row, keys.problem or "problem")
    if not problem:
        raise RowError(keys.problem or "problem", "is missing or empty")
    solution = _text(row, keys.solution) if keys.solution else ""
    answer = _text(row, keys.answer) if keys.answer else ""
    if not solution and (final := _FINAL.fullmatch(answer)):
        solution, answer = final["solution"].strip(), final["answer"].strip()
    answer = answer or (boxed_answer(solution) or "").strip()
    if not answer and not (corpus and solution):
        has_key = keys.answer is not None and value_at(row, keys.answer) is not None
        raise RowError(keys.answer or "answer", "its answer is empty" if has_key else "is missing", skip=has_key)
    return ProblemRow(place, _id(row), problem, answer, solution, _metadata(row, keys))


def _text(row: dict[str, Any], key: str) -> str:
    """A field as text, "" without one."""
    value = value_at(row, key)
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if value is not None and not isinstance(value, str):
        raise RowError(key, f"is {brief(value)}, not text")
    return (value or "").strip()


def _id(row: dict[str, Any]) -> str:
    value = row.get("id")
    return task_name(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _metadata(row: Mapping[str, Any], keys: ProblemKeys) -> Metadata:
    used = {"id", *((key or "").partition(".")[0] for key in (keys.problem, keys.answer, keys.solution))}
    return {key: value for key, value in row.items() if key not in used and _is_metadata(value)}


def _is_metadata(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_VALUE
    return isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= _LARGEST)
