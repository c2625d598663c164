"""The seeds and the stock of programs that solve: valid, and each shows what it says it shows."""

import asyncio
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.harness import Found, PromptTooLong, Reply
from meta_reward.harness.validate import inspect_source
from meta_reward.kinds.corpus import CorpusHost
from meta_reward.kinds.corpus_index import CorpusIndex
from meta_reward.kinds.registry import KINDS
from meta_reward.offline.solver import simulated_solver
from meta_reward.offline.solver.reading import read_page
from meta_reward.offline.stock.__main__ import FOLDER
from meta_reward.tasks.problems import ProblemSet, load_problem_set
from meta_reward.trajectory import Message
from tests.conftest import PROJECT

SOLVE = KINDS["solve"].program
SEEDS = sorted((PROJECT / "seed_harnesses" / "solve").glob("*.py"))
STOCK = sorted(FOLDER.glob("solve/*.py"))
NUMBER = r"-?(?:\\frac\{\d+\}\{\d+\}|\d+(?:[./]\d+)?)"


@pytest.fixture(scope="module")
def puzzles() -> ProblemSet:
    return load_problem_set(PROJECT / "tasks" / "puzzles")


@pytest.fixture(scope="module")
def index(puzzles: ProblemSet) -> CorpusIndex:
    return CorpusIndex(puzzles.corpus)


class SolverModel:
    """A model as programs are given it, around the simulated solver."""

    def __init__(self, longest: int = 10**9) -> None:
        self.prompts: list[str] = []
        self._solver, self._longest = simulated_solver(), longest

    async def ask(self, prompt: str, **_: Any) -> Reply:
        if len(prompt) > self._longest:
            raise PromptTooLong(prompt[:20])
        self.prompts.append(prompt)
        request = Request((Message("user", prompt),))
        return Reply((await self._solver.complete(request, draw=self.prompts.count(prompt) - 1)).text)


class HostCorpus:
    """A corpus as programs are given it, around the host."""

    def __init__(self, index: CorpusIndex) -> None:
        self.host = CorpusHost(index)

    async def search(self, query: str, *, k: int = 5, where: Any = None) -> list[Found]:
        found = await self.host.use("search", {"query": query, "k": k, "where": where})
        return [Found(one["text"], one["score"], one["metadata"]) for one in found]


def solve(path: Path, problem: str, index: CorpusIndex, model: SolverModel) -> tuple[str, list[Any]]:
    """The answer of a program, and what its host recorded."""
    spec = importlib.util.spec_from_file_location(f"program_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    corpus = HostCorpus(index)
    return asyncio.run(module.solve(problem, model, corpus)), corpus.host.record()


@pytest.mark.parametrize("path", [*SEEDS, *STOCK], ids=lambda path: path.stem)
def test_a_program_is_valid_and_answers_with_a_number(path: Path, puzzles: ProblemSet, index: CorpusIndex) -> None:
    assert inspect_source(path.read_text(), program=SOLVE).findings == ()
    for problem in puzzles.problems[:3]:
        assert re.fullmatch(NUMBER, solve(path, problem.problem, index, SolverModel())[0])


@pytest.mark.parametrize("path", STOCK, ids=lambda path: path.stem)
def test_a_program_of_the_stock_says_what_may_go_wrong(path: Path) -> None:
    assert "Risk: " in path.read_text().split('"""')[1]


def test_there_are_at_most_twelve_in_the_stock() -> None:
    assert len(STOCK) == 12


@pytest.mark.parametrize(("seed", "count"), [("baseline", 0), ("random_examples", 3), ("bm25_examples", 3)])
def test_a_seed_shows_as_many_examples_as_it_says(
    seed: str, count: int, puzzles: ProblemSet, index: CorpusIndex
) -> None:
    model = SolverModel()
    solve(SEEDS[0].with_name(f"{seed}.py"), puzzles.problems[0].problem, index, model)
    assert [len(read_page(prompt).examples) for prompt in model.prompts] == [count]


def test_random_examples_differ_from_problem_to_problem(puzzles: ProblemSet, index: CorpusIndex) -> None:
    path = SEEDS[0].with_name("random_examples.py")
    records = [solve(path, p.problem, index, SolverModel())[1] for p in puzzles.problems[:40]]
    found = [tuple(hit["id"] for hit in record[0]["found"]) for record in records]
    assert len(set(found)) == 40
    assert len({id for ids in found for id in ids}) > 100
    assert all(hit["score"] == 0 for record in records for hit in record[0]["found"])


def test_examples_that_do_not_fit_are_left_out(puzzles: ProblemSet, index: CorpusIndex) -> None:
    model = SolverModel(longest=1200)
    solve(SEEDS[0].with_name("bm25_examples.py"), puzzles.problems[0].problem, index, model)
    assert [len(read_page(prompt).examples) for prompt in model.prompts] == [1]
