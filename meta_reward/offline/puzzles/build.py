"""Builds the task set: problems to solve, worked examples to search, and their splits.

The same arguments give the same bytes. No two problems have the same method and numbers, nor has any example those
of a problem.
"""

import random
from collections.abc import Iterator, Set
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.offline.puzzles.chances import CHANCE, COUNTING
from meta_reward.offline.puzzles.method import Method, Numbers, latex
from meta_reward.offline.puzzles.numbers import NUMBERS, SEQUENCES
from meta_reward.offline.puzzles.rates import PERCENT, RATES, SHARES
from meta_reward.offline.puzzles.shapes import SHAPES
from meta_reward.offline.puzzles.stories import STORIES
from meta_reward.tasks.about import About
from meta_reward.tasks.importers.problems import worked_example
from meta_reward.tasks.problems import KIND, CorpusText, Problem, Scalar, save_problem_set
from meta_reward.tasks.splits import division_of_new

METHODS = (*RATES, *PERCENT, *SHARES, *COUNTING, *CHANCE, *NUMBERS, *SEQUENCES, *SHAPES)
USUAL_OF_EXAMPLES, USUAL_OF_PROBLEMS = 0.6, 0.3
"""How often worked examples, and problems to solve, tell the story that is usual for their method."""
_TRIES = 5000

_Key = tuple[str, tuple[int, ...]]
"""A method and numbers."""
_Drawn = tuple[Method, Numbers, str]
"""A method, numbers, and the problem in words."""


def build(path: Path, *, name: str = "puzzles", tasks: int = 200, texts: int = 800, seed: int = 0) -> None:
    """Write a simulated set of so many problems and worked examples to `path`, in place of what is there.

    Problems that already exist stay in their splits.
    """
    drawn = list(_drawn(f"{seed}/problems", tasks, USUAL_OF_PROBLEMS))
    problems = [
        Problem(f"p{number:03d}", told, latex(method.answer(numbers)), method.solution(numbers), _metadata(method))
        for number, (method, numbers, told) in enumerate(drawn)
    ]
    taken = {_key(method, numbers) for method, numbers, _ in drawn}
    corpus = [
        CorpusText(f"c{number:03d}", worked_example(told, method.solution(numbers), ""), _metadata(method))
        for number, (method, numbers, told) in enumerate(_drawn(f"{seed}/corpus", texts, USUAL_OF_EXAMPLES, taken))
    ]
    about = About(
        name,
        source=f"generated problems over {len(METHODS)} methods, seed {seed}",
        licence="Apache-2.0",
        simulated=True,
        kind=KIND,
    )
    division = division_of_new(path, name, problems, problems)
    save_problem_set(path, about, problems=problems, corpus=corpus, division=division, replace=True)


def tell(method: Method, numbers: Numbers, story: str, chance: random.Random) -> str:
    """A problem in words: two sentences of the story, then one of the ways in which the method is asked for."""
    words = STORIES[story]
    openings = chance.sample(words.openings, 2)
    ask = chance.choice(method.asks)
    asked = ask.template.format(**numbers, who=words.who, thing=words.thing, place=words.place)
    return " ".join([*openings, asked[0].upper() + asked[1:]])


def _drawn(seed: str, count: int, usual: float, taken: Set[_Key] | None = None) -> Iterator[_Drawn]:
    """So many problems, every method once per round.

    taken: methods with numbers that must not come; None for each at most once. Raises UsageError where none is left.
    """
    chance = random.Random(seed)
    seen: set[_Key] = set()
    order: list[Method] = []
    for _ in range(count):
        order = order or chance.sample(METHODS, len(METHODS))
        method = order.pop()
        draws = (method.draw(chance) for _ in range(_TRIES))
        numbers = next((n for n in draws if _key(method, n) not in (seen if taken is None else taken)), None)
        if numbers is None:
            raise UsageError(f"{count} different puzzles cannot be made", hint="ask for fewer tasks")
        seen.add(_key(method, numbers))
        yield method, numbers, tell(method, numbers, _story(method, usual, chance), chance)


def _key(method: Method, numbers: Numbers) -> _Key:
    return method.name, tuple(numbers.values())


def _story(method: Method, usual: float, chance: random.Random) -> str:
    """The usual story of a method, or that of another."""
    if chance.random() < usual:
        return method.story
    return chance.choice([other.story for other in METHODS if other.story != method.story])


def _metadata(method: Method) -> dict[str, Scalar]:
    return {"topic": method.topic, "level": method.level}
