"""Task sets of problems: what is written is what is loaded, and what is broken is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import DataError, UsageError
from meta_reward.tasks.about import About
from meta_reward.tasks.divide import SplitShares
from meta_reward.tasks.problems import (
    CorpusText,
    Problem,
    ProblemSet,
    categories_of,
    load_problem_set,
    save_problem_set,
)
from meta_reward.tasks.splits import division_of_new, write_splits
from meta_reward.tasks.taskset import load_task_set

ABOUT = About("sums", "made up", "MIT", simulated=True, kind="solve")
PROBLEMS = tuple(
    Problem(
        f"p{n}", f"What is {n} + 1?", str(n + 1), f"Add 1 to {n}." if n % 2 else None, {"topic": "sums", "level": n}
    )
    for n in range(10)
)
CORPUS = (
    CorpusText("c0", "What is 20 + 1?\n\nAdd 1: 21.", {"topic": "sums", "hard": False}),
    CorpusText("c1", "1 + 1"),
)


def save(path: Path, *, divided: bool = True) -> ProblemSet:
    division = division_of_new(path, "sums", PROBLEMS, PROBLEMS) if divided else None
    save_problem_set(path, ABOUT, problems=PROBLEMS, corpus=CORPUS, division=division)
    return load_problem_set(path)


def test_problems_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    loaded = save(tmp_path / "sums")
    assert (loaded.about, loaded.problems, loaded.corpus) == (ABOUT, PROBLEMS, CORPUS)
    assert loaded.division is not None
    assert {split: len(tasks) for split, tasks in loaded.division.splits.items()} == {
        "search": 4,
        "validation": 3,
        "test": 3,
    }


def test_every_problem_is_a_task_of_its_own(tmp_path: Path) -> None:
    loaded = save(tmp_path / "sums")
    assert loaded.tasks_with_items == tuple(f"p{n}" for n in range(10))
    assert loaded.items_of_each(["p3", "p4"]) == [1, 1]
    assert loaded.part(["p7", "p2"]) == [PROBLEMS[2], PROBLEMS[7]]


def test_a_run_knows_the_set_from_before_its_splits_were_written(tmp_path: Path) -> None:
    before = save(tmp_path / "sums", divided=False)
    divided, said = write_splits(before, SplitShares())
    assert "10 tasks divided" in said
    assert divided.digest == load_problem_set(tmp_path / "sums").digest != before.digest
    assert divided.as_of(before.digest) == replace(before, division=None)


@pytest.mark.parametrize("name", ["taskset.json", "problems.jsonl", "corpus.jsonl", "splits.json"])
def test_digest_tells_any_change_of_what_a_search_depends_on(tmp_path: Path, name: str) -> None:
    before = save(tmp_path / "sums").digest
    with (tmp_path / "sums" / name).open("a") as file:
        file.write("\n")
    assert load_problem_set(tmp_path / "sums").digest != before


def test_categories_are_what_few_values_of_metadata_say() -> None:
    problems = [
        Problem(f"p{n}", "?", "1", metadata={"topic": "sums" if n < 3 else "primes", "key": f"k{n}", "hard": n == 0})
        for n in range(6)
    ]
    assert categories_of(problems)["p0"] == ("sums", "hard true")
    assert categories_of(problems)["p5"] == ("primes", "hard false")


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("problems.jsonl", '{"id": "x", "problem": "1 + 1?"}', "problems.jsonl, line 11: answer is missing"),
        ("problems.jsonl", '{"id": "x", "problem": "1?", "answer": 1}', "line 11: answer is not a text, or an empty"),
        ("problems.jsonl", '{"id": "p3", "problem": "?", "answer": "1"}', "line 11: id 'p3' occurs twice"),
        ("problems.jsonl", "[]", "line 11: id is missing"),
        ("corpus.jsonl", '{"id": "c9", "text": " "}', "corpus.jsonl, line 3: text is not a text, or an empty"),
        ("corpus.jsonl", '{"id": "c9", "text": "a", "metadata": {"a": [1]}}', "line 3: metadata is not an object of"),
        ("corpus.jsonl", '{"id": "c9", "text"', "corpus.jsonl, line 3: is not valid JSON"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, file: str, line: str, says: str) -> None:
    save(tmp_path / "sums")
    with (tmp_path / "sums" / file).open("a") as lines:
        lines.write(line + "\n")
    with pytest.raises(DataError, match=says):
        load_problem_set(tmp_path / "sums")


def test_a_set_without_a_corpus_says_so(tmp_path: Path) -> None:
    save(tmp_path / "sums")
    (tmp_path / "sums" / "corpus.jsonl").write_text("")
    with pytest.raises(DataError, match=r"corpus\.jsonl: holds no texts"):
        load_problem_set(tmp_path / "sums")


def test_saving_over_a_set_wants_to_be_told(tmp_path: Path) -> None:
    save(tmp_path / "sums")
    with pytest.raises(UsageError, match="sums exists"):
        save(tmp_path / "sums")


def test_a_set_of_another_kind_is_refused_by_either_loader(tmp_path: Path) -> None:
    save(tmp_path / "sums")
    with pytest.raises(DataError, match="for kind solve; this works with kind reward only"):
        load_task_set(tmp_path / "sums")
