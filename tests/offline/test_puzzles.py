"""The puzzles: the same bytes every time, simulated, recognisable by their questions, and without leaks."""

import random
from collections import Counter
from pathlib import Path

import pytest

from meta_reward.offline.puzzles import build
from meta_reward.offline.puzzles.build import METHODS, tell
from meta_reward.offline.puzzles.stories import STORIES
from meta_reward.offline.solver.reading import read_page
from meta_reward.tasks.answers import boxed_answer
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.importers.near_duplicates import Duplicates, fingerprint
from meta_reward.tasks.problems import ProblemSet, load_problem_set
from meta_reward.tasks.splits import splits_of
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def puzzles() -> ProblemSet:
    return load_problem_set(PROJECT / "tasks" / "puzzles")


def test_the_committed_set_is_rebuilt_byte_for_byte(puzzles: ProblemSet, tmp_path: Path) -> None:
    build(tmp_path / "puzzles")
    assert load_problem_set(tmp_path / "puzzles").digest == puzzles.digest


def test_it_says_that_it_is_simulated_and_has_the_size_it_should(puzzles: ProblemSet) -> None:
    assert (puzzles.about.simulated, puzzles.about.kind) == (True, "solve")
    assert (len(puzzles.problems), len(puzzles.corpus)) == (200, 800)
    assert [len(splits_of(puzzles)[split]) for split in SPLITS] == [80, 60, 60]


def test_every_method_is_asked_for_and_shown_equally_often(puzzles: ProblemSet) -> None:
    asked = Counter(page.target.method.name for p in puzzles.problems if (page := read_page(p.problem)).target)
    shown = Counter(example.method.name for text in puzzles.corpus for example in read_page(text.text).examples)
    assert (len(METHODS), set(asked.values()), set(shown.values())) == (40, {5}, {20})


def test_solutions_box_the_answer(puzzles: ProblemSet) -> None:
    assert [boxed_answer(p.solution or "") for p in puzzles.problems] == [p.answer for p in puzzles.problems]


def test_no_example_gives_a_problem_away(puzzles: ProblemSet) -> None:
    known = Duplicates(fingerprint(p.problem) for p in puzzles.problems)
    examples = [text.text.partition("\n\n")[0].removeprefix("Problem: ") for text in puzzles.corpus]
    assert [example for example in examples if known.find(fingerprint(example))] == []


def test_most_problems_tell_the_story_of_another_method(puzzles: ProblemSet) -> None:
    usual = [
        any(opening in p.problem for opening in STORIES[page.target.method.story].openings)
        for p in puzzles.problems
        if (page := read_page(p.problem)).target
    ]
    assert 0.2 < sum(usual) / len(usual) < 0.4


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_problem_is_recognised_with_its_numbers_in_every_story(method: object) -> None:
    one = next(each for each in METHODS if each is method)
    chance = random.Random(one.name)
    for story in STORIES:
        numbers = one.draw(chance)
        target = read_page(f"Solve this:\n\n{tell(one, numbers, story, chance)}\n\nAnswer at once.").target
        assert target is not None
        assert (target.method.name, dict(target.numbers)) == (one.name, dict(numbers))
        assert one.answer(numbers) >= 0


def test_no_two_ways_of_asking_end_alike() -> None:
    endings = [ask.ending for method in METHODS for ask in method.asks]
    assert len(set(endings)) == len(endings) == 80
    assert not any("{" in ending or "}" in ending for ending in endings)


def test_more_problems_begin_with_those_of_fewer_and_move_none(tmp_path: Path) -> None:
    build(tmp_path / "p", name="p", tasks=20, texts=10)
    before = load_problem_set(tmp_path / "p")
    build(tmp_path / "p", name="p", tasks=50, texts=10)
    after = load_problem_set(tmp_path / "p")
    assert after.problems[:20] == before.problems
    assert all(set(splits_of(before)[split]) < set(splits_of(after)[split]) for split in SPLITS)


def test_the_command_builds_a_set_of_the_asked_size_and_lists_it(meta_reward: MetaReward, here: Path) -> None:
    built = meta_reward("tasks", "build", "puzzles", "--tasks", "10", "--texts", "20", "--name", "few", "--seed", "1")
    assert (built.code, built.err) == (0, "")
    assert "kind solve" in built.out
    made = load_problem_set(here / "tasks" / "few")
    assert (len(made.problems), len(made.corpus)) == (10, 20)
    too_many = meta_reward("tasks", "build", "puzzles", "--tasks", "20000", "--name", "many")
    assert (too_many.code, too_many.err.count("\n")) == (1, 1)
    assert "20000 different puzzles cannot be made: ask for fewer tasks" in too_many.err
