"""A task set of problems from rows: the problems to solve, and the corpus that programs may search.

Worked examples whose problem is exactly or nearly a problem of any split are left out of the corpus and counted,
because a program could look up the answer. Problems that occur twice are used once, or not at all if their answers
differ. Without a corpus, half of the problems with solutions become the corpus.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from meta_reward.errors import DataError
from meta_reward.tasks.answers import is_same_answer, normal_answer
from meta_reward.tasks.divide import MIN_TASKS, Division
from meta_reward.tasks.importers.near_duplicates import Duplicates, Fingerprint, fingerprint
from meta_reward.tasks.importers.problem_rows import ProblemRow
from meta_reward.tasks.problems import CorpusText, Problem
from meta_reward.tasks.splits import division_of_new

_Prints = Mapping[int, Fingerprint]
"""By the `id()` of a row."""


@dataclass(frozen=True, slots=True)
class ProblemsLeftOut:
    """How many rows were left out, by reason."""

    repeated: int
    """Problems that repeat an earlier one, exactly or nearly, with the same answer."""
    two_answers: int
    """Problems that occur again with another answer."""
    exact: int
    """Worked examples whose problem, ignoring white space, is also to be solved."""
    near: int
    """Worked examples whose problem is nearly one to be solved."""
    repeated_examples: int
    """Worked examples that are exactly the same as an earlier one."""


@dataclass(frozen=True, slots=True)
class MadeProblems:
    """The content of the new task set."""

    problems: tuple[Problem, ...]
    corpus: tuple[CorpusText, ...]
    division: Division
    left_out: ProblemsLeftOut
    contradictory: int
    """Problems whose solution boxes another answer."""
    is_halved: bool
    """Whether half of the problems became the corpus."""


def make_problems(
    rows: Sequence[ProblemRow], corpus: Sequence[ProblemRow] | None, path: Path, *, name: str, seed: int = 0
) -> MadeProblems:
    """A task set from rows. path: where it will be; problems that are there already keep their splits.

    Raises DataError if there are too few problems to divide, or nothing to search.
    """
    prints = {id(row): fingerprint(row.problem) for row in (*rows, *(corpus or ()))}
    certain = _without_two_answers(rows, prints)
    kept = _once(certain, prints)
    solved, examples = (kept, corpus) if corpus is not None else _halved(kept, seed)
    where = rows[0].place.path
    if len(solved) < MIN_TASKS:
        raise DataError(where, f"leaves {len(solved)} problems to solve, too few to divide: it takes three")
    texts, exact, near = _without_leaks(solved, examples, prints)
    if not texts:
        what = "leaves nothing to search: every worked example is also a problem to solve" if examples else _NO_CORPUS
        raise DataError(examples[0].place.path if examples else where, what, hint="give a file with --corpus")
    problems = _problems(solved)
    division = division_of_new(path, name, problems, problems)
    assert division is not None  # there are enough
    entries = _texts(texts)
    repeated = len(certain) - len(kept), len(rows) - len(certain)
    left_out = ProblemsLeftOut(*repeated, exact, near, len(texts) - len(entries))
    wrong = sum(row.is_contradictory for row in solved)
    return MadeProblems(problems, entries, division, left_out, wrong, corpus is None)


_NO_CORPUS = "has no solutions that could be searched"


def _without_two_answers(rows: Sequence[ProblemRow], prints: _Prints) -> list[ProblemRow]:
    """The rows without those whose problem occurs again, with exactly the same text and another answer."""
    answers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        answers[prints[id(row)].text].add(normal_answer(row.answer))
    return [row for row in rows if len(answers[prints[id(row)].text]) == 1]


def _once(rows: Sequence[ProblemRow], prints: _Prints) -> list[ProblemRow]:
    """The rows without those that repeat an earlier problem. With another answer, it is another problem."""
    known = Duplicates([], among=(prints[id(row)] for row in rows))
    kept: list[ProblemRow] = []
    for row in rows:
        if not any(is_same_answer(row.answer, kept[n].answer) for n in known.find(prints[id(row)])):
            known.add(prints[id(row)])
            kept.append(row)
    return kept


def _halved(rows: Sequence[ProblemRow], seed: int) -> tuple[list[ProblemRow], list[ProblemRow]]:
    """The rows to solve, and those to search: half of the rows with solutions, the same ones each time."""
    with_solutions = sorted((row for row in rows if row.solution), key=lambda row: _digest(f"{seed}\n{row.problem}"))
    taken = set(map(id, with_solutions[: len(with_solutions) // 2]))
    return [row for row in rows if id(row) not in taken], [row for row in rows if id(row) in taken]


def _without_leaks(
    solved: Sequence[ProblemRow], examples: Sequence[ProblemRow], prints: _Prints
) -> tuple[list[ProblemRow], int, int]:
    """The examples that do not give a problem away, and how many give one away exactly and nearly."""
    known = Duplicates((prints[id(row)] for row in solved), among=(prints[id(row)] for row in examples))
    found = [bool(known.find(prints[id(row)])) for row in examples]
    exact = sum(known.has_exact(prints[id(row)]) for row in examples)
    return [row for row, leaks in zip(examples, found, strict=True) if not leaks], exact, sum(found) - exact


def _problems(rows: Sequence[ProblemRow]) -> tuple[Problem, ...]:
    ids = _ids(rows, "p")
    return tuple(
        Problem(id, row.problem, row.answer, row.solution or None, dict(row.metadata))
        for id, row in zip(ids, rows, strict=True)
    )


def _texts(rows: Sequence[ProblemRow]) -> tuple[CorpusText, ...]:
    """Worked examples as texts, without duplicates."""
    once = {worked_example(row.problem, row.solution, row.answer): row for row in rows}
    ids = _ids(list(once.values()), "c")
    return tuple(CorpusText(id, text, dict(row.metadata)) for id, (text, row) in zip(ids, once.items(), strict=True))


def worked_example(problem: str, solution: str, answer: str) -> str:
    """A solved problem as the text that programs find."""
    parts = [f"Problem: {problem}"]
    if solution:
        parts.append(f"Solution: {solution}")
    if answer and answer not in solution:
        parts.append(f"Answer: {answer}")
    return "\n\n".join(parts)


def _ids(rows: Sequence[ProblemRow], prefix: str) -> list[str]:
    """The ids of rows; a row without an id, or with one that another row has, gets a number."""
    counts = Counter(row.id for row in rows)
    width = len(str(len(rows)))
    numbered = (f"{prefix}{number:0{width}d}" for number in count(1))
    free = (id for id in numbered if id not in counts)
    return [row.id if row.id and counts[row.id] == 1 else next(free) for row in rows]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
