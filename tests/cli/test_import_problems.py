"""`meta-reward import --kind solve` as its user meets it: what is solved, what may be searched, and what is wrong."""

import json
from pathlib import Path

import pytest

from meta_reward.tasks.problems import ProblemSet, load_problem_set
from tests.cli.conftest import MetaReward

Row = dict[str, object]


def row(n: int, **more: object) -> Row:
    return {
        "id": f"sums-{n}",
        "subject": "Sums" if n % 2 else "Products",
        "problem": f"Ann has {n} pears and Bob has {n + 1} plums. How many fruits have they got?",
        "solution": f"Add them: $\\boxed{{{2 * n + 1}}}$.",
        "answer": str(2 * n + 1),
        **more,
    }


def write(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def solve(meta_reward: MetaReward, command: str) -> str:
    ran = meta_reward(*f"import {command} --name sums --kind solve".split())
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def made(here: Path) -> ProblemSet:
    return load_problem_set(here / "tasks" / "sums")


def test_half_of_the_problems_with_solutions_become_the_corpus_where_none_is_given(
    meta_reward: MetaReward, here: Path
) -> None:
    write(here / "problems.jsonl", [*map(row, range(1, 9)), *(row(n, solution=None) for n in range(9, 15))])
    wanted = """\
problem: field problem; answer: field answer; solution: field solution
10 problems: search 4, validation 3, test 3
corpus: 4 worked examples: half of the problems with solutions, since no --corpus is given
categories: Products 6, Sums 4
too few for a tested decision; about 210 tasks find a gain of 20 points
"""
    assert solve(meta_reward, "problems.jsonl --dry-run") == wanted + "nothing was written to tasks/sums: a dry run\n"
    assert not (here / "tasks").exists()
    assert solve(meta_reward, "problems.jsonl") == wanted + "written to tasks/sums\n"
    taskset = made(here)
    assert {p.id for p in taskset.problems} | {t.id for t in taskset.corpus} == {f"sums-{n}" for n in range(1, 15)}
    assert (taskset.about.kind, taskset.about.source) == ("solve", "problems.jsonl")


def test_what_programs_find_is_the_problem_with_its_solution_and_metadata(meta_reward: MetaReward, here: Path) -> None:
    write(here / "problems.jsonl", [row(n, level=3, tags=["a"], note=None) for n in range(1, 6)])
    write(here / "solved.jsonl", [row(30), row(31, solution=""), row(32, answer=None), row(33, hard=True)])
    out = solve(meta_reward, "problems.jsonl --corpus solved.jsonl")
    assert "corpus: 4 worked examples\n" in out
    taskset = made(here)
    ask = "Ann has {} pears and Bob has {} plums. How many fruits have they got?"
    assert [entry.text for entry in taskset.corpus] == [
        f"Problem: {ask.format(30, 31)}\n\nSolution: Add them: $\\boxed{{61}}$.",
        f"Problem: {ask.format(31, 32)}\n\nAnswer: 63",
        f"Problem: {ask.format(32, 33)}\n\nSolution: Add them: $\\boxed{{65}}$.",
        f"Problem: {ask.format(33, 34)}\n\nSolution: Add them: $\\boxed{{67}}$.",
    ]
    assert taskset.corpus[3].metadata == {"subject": "Sums", "hard": True}
    assert taskset.problems[0].metadata == {"subject": "Sums", "level": 3}


def test_examples_that_are_problems_to_solve_are_left_out_of_the_corpus_and_counted(
    meta_reward: MetaReward, here: Path
) -> None:
    write(here / "problems.jsonl", [row(n) for n in range(1, 8)])
    spaced = str(row(2)["problem"]).replace(" ", "  ")
    turned = "Bob has 4 plums and Ann has 3 pears. How many fruits have they got?"
    write(here / "solved.jsonl", [row(1), row(2, problem=spaced), row(3, problem=turned), row(40), row(40, id="x")])
    out = solve(meta_reward, "problems.jsonl --corpus solved.jsonl")
    assert "left out of the corpus: 2 also a problem to solve, 1 nearly a problem to solve, 1 given twice" in out
    assert [entry.id for entry in made(here).corpus] == ["x"]


def test_problems_given_twice_are_taken_once_and_with_two_answers_not_at_all(
    meta_reward: MetaReward, here: Path
) -> None:
    rows = [*map(row, range(1, 9)), row(3, id="again", answer="7.0"), row(4, id="other", answer="8")]
    write(here / "problems.jsonl", rows)
    write(here / "solved.jsonl", [row(40)])
    out = solve(meta_reward, "problems.jsonl --corpus solved.jsonl")
    assert "left out of the problems: 1 given twice, exactly or nearly, 2 given with more than one answer" in out
    assert [problem.id for problem in made(here).problems] == [f"sums-{n}" for n in (1, 2, 3, 5, 6, 7, 8)]


def test_an_answer_is_taken_from_the_box_or_the_last_line_of_a_solution(meta_reward: MetaReward, here: Path) -> None:
    boxed = [{"problem": f"What is {n} + {n}?", "solution": f"$\\boxed{{{2 * n}}}$"} for n in range(3)]
    final = [{"problem": f"What is {n} * {n}?", "answer": f"Multiply.\n#### {n * n}"} for n in range(3)]
    write(here / "boxed.jsonl", boxed)
    write(here / "final.jsonl", final)
    write(here / "solved.jsonl", [row(40)])
    solve(meta_reward, "boxed.jsonl final.jsonl --corpus solved.jsonl")
    problems = made(here).problems
    assert [problem.answer for problem in problems] == ["0", "2", "4", "0", "1", "4"]
    assert (problems[0].id, problems[3].solution) == ("p1", "Multiply.")


def test_fields_of_other_names_are_named_and_solutions_that_disagree_are_counted(
    meta_reward: MetaReward, here: Path
) -> None:
    rows = [{"Aufgabe": f"Was ist {n} + 1?", "data": {"key": n + 1}, "solution": r"\boxed{2}"} for n in range(6)]
    write(here / "problems.jsonl", rows)
    out = solve(meta_reward, "problems.jsonl --problem Aufgabe --answer data.key --json")
    about = json.loads(out)
    assert about["fields"] == [{"problem": "Aufgabe", "answer": "data.key", "solution": "solution"}]
    assert (about["problems"], about["corpus"], about["halved"]) == (3, 3, True)
    assert about["contradictory"] == sum(problem.answer != "2" for problem in made(here).problems)


def test_a_problem_keeps_its_split_when_the_set_is_made_again(meta_reward: MetaReward, here: Path) -> None:
    write(here / "solved.jsonl", [row(90)])
    write(here / "problems.jsonl", [row(n) for n in range(1, 11)])
    solve(meta_reward, "problems.jsonl --corpus solved.jsonl")
    before = made(here).division
    write(here / "problems.jsonl", [row(n) for n in range(1, 21)])
    solve(meta_reward, "problems.jsonl --corpus solved.jsonl --force")
    after = made(here).division
    assert before is not None
    assert after is not None
    assert all(set(before.splits[split]) <= set(after.splits[split]) for split in before.splits)


@pytest.mark.parametrize(
    ("problems", "corpus", "flags", "says"),
    [
        ([row(n, solution=None) for n in range(5)], None, "", "has no solutions that could be searched (give a file"),
        ([row(1), row(2)], [row(9)], "", "problems.jsonl: leaves 2 problems to solve, too few to divide"),
        ([row(n) for n in range(5)], [{"problem": "What?"}], "", "solved.jsonl: has neither answers nor solutions;"),
        (
            [row(n) for n in range(5)],
            [row(9), row(8, answer=None, solution=None)],
            "",
            "solved.jsonl, line 2, answer: is missing",
        ),
        ([row(n) for n in range(5)], [row(1)], "", "solved.jsonl: leaves nothing to search: every worked example"),
        ([{"text": "1 + 1", "answer": "2"}], None, "", "has nowhere a field with the problem; it has text, answer"),
        ([row(1)], None, "--problem task", "has no field 'task'; it has id, subject, problem, solution, answer"),
        ([row(1)], None, "--answer right", "has no field 'right'; it has id"),
        ([{"problem": "1 + 1"}], None, "", "has neither answers nor solutions; it has problem (name the answers with"),
        ([row(1), row(2, problem="")], None, "", "problems.jsonl, line 2, problem: is missing or empty"),
        ([row(1), row(2, answer={"a": 1})], None, "", "problems.jsonl, line 2, answer: is a dict, not text"),
        ([row(1)], None, "--label x", "--label means nothing to --kind solve: it is for --kind classify"),
        ([row(1)], None, "--corpus none.jsonl", "none.jsonl: no such file"),
    ],
)
def test_bad_input_is_named_in_one_line(
    meta_reward: MetaReward, here: Path, problems: list[Row], corpus: list[Row] | None, flags: str, says: str
) -> None:
    write(here / "problems.jsonl", problems)
    if corpus is not None:
        write(here / "solved.jsonl", corpus)
        flags += " --corpus solved.jsonl"
    ran = meta_reward(*f"import problems.jsonl --name sums --kind solve {flags}".split())
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert says in ran.err
    assert not (here / "tasks").exists()


def test_rows_without_an_answer_are_left_out_and_counted(meta_reward: MetaReward, here: Path) -> None:
    write(here / "problems.jsonl", [*map(row, range(8)), row(9, answer="", solution="")])
    out = solve(meta_reward, "problems.jsonl")
    assert "skipped 1 of 9: line 9, answer: its answer is empty\n" in out
