"""The simulated solver: a pure function, helped and misled by what stands in the prompt, and by how it stands there."""

import asyncio
import random
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.errors import PromptTooLong, UsageError
from meta_reward.models.registry import make_backend
from meta_reward.offline.puzzles.build import METHODS, tell
from meta_reward.offline.puzzles.method import Method
from meta_reward.offline.solver import SimulatedSolver, simulated_solver
from meta_reward.offline.solver.chance import outlook
from meta_reward.offline.solver.reading import read_page
from meta_reward.offline.solver.settings import PRESETS, Strengths
from meta_reward.tasks.answers import is_same_answer
from meta_reward.tasks.importers.problems import worked_example
from meta_reward.trajectory import Message, Tool

HARD = next(method for method in METHODS if method.name == "bars between portions")
OTHER = next(method for method in METHODS if method.name == "ratio split")
STEPS = "Solve the following problem. Reason step by step, and end with one line, `Answer: <answer>`."


def told(method: Method, story: str, seed: int = 0) -> tuple[str, Fraction]:
    chance = random.Random(f"{method.name} {story} {seed}")
    numbers = method.draw(chance)
    return tell(method, numbers, story, chance), method.answer(numbers)


def example(method: Method, story: str = "museum", seed: int = 9) -> str:
    chance = random.Random(f"{method.name} {story} {seed}")
    numbers = method.draw(chance)
    return worked_example(tell(method, numbers, story, chance), method.solution(numbers), "")


def prompt(problem: str, examples: Sequence[str] = (), instructions: str = STEPS) -> str:
    return "\n\n".join([*examples, instructions, f"Problem: {problem}"])


def chance_of(examples: Sequence[str] = (), *, story: str = "dairy", steps: bool = True, **strengths: float) -> float:
    page = read_page(prompt(told(HARD, story)[0], examples))
    return outlook(page, Strengths(**strengths), with_steps=steps).right


def ask(text: str, solver: SimulatedSolver | None = None, *, draw: int = 0, **fields: Any) -> str:
    request = Request((Message("user", text),), **fields)
    return asyncio.run((solver or simulated_solver()).complete(request, draw=draw)).text


def test_by_itself_it_knows_little_of_what_is_hard() -> None:
    assert chance_of() == HARD.ease


def test_an_example_of_the_right_method_helps_more_than_one_of_another() -> None:
    right, other = chance_of([example(HARD)]), chance_of([example(OTHER)])
    assert right > 0.6 > HARD.ease > other


def test_the_right_example_helps_more_the_nearer_it_stands_to_the_problem() -> None:
    others = [example(OTHER, seed=seed) for seed in range(6)]
    first, last = chance_of([example(HARD), *others], suggestion=0), chance_of([*others, example(HARD)], suggestion=0)
    assert first < last


def test_a_wrong_example_that_stands_first_misleads_more_if_it_tells_the_same_story() -> None:
    same, another = (
        chance_of([example(OTHER, "dairy")], story="dairy"),
        chance_of([example(OTHER, "ski")], story="dairy"),
    )
    assert same < another


def test_what_stands_in_the_middle_of_a_long_prompt_is_lost() -> None:
    filler = ["Nothing to see here. " * 150] * 4
    middle = chance_of([*filler[:2], example(HARD), *filler[2:]])
    assert chance_of([*filler, example(HARD)]) > middle
    assert chance_of([*filler[:2], example(HARD), *filler[2:]], middle=0) > middle


def test_many_examples_dilute_the_right_one() -> None:
    crowd = [example(HARD), *(example(OTHER, seed=seed) for seed in range(15))]
    assert chance_of(list(reversed(crowd)), suggestion=0) < chance_of([example(HARD)])


def test_it_slips_where_nobody_asks_for_the_steps() -> None:
    assert chance_of(steps=False) < chance_of()


def test_a_solution_without_its_problem_helps_as_well() -> None:
    solution = example(HARD).partition("\n\n")[2]
    assert read_page(prompt(told(HARD, "dairy")[0], [solution])).examples[0].method is HARD


def test_the_problem_may_stand_before_the_examples() -> None:
    problem = told(HARD, "dairy")[0]
    page = read_page(f"{STEPS}\n\nProblem: {problem}\n\nSolved before:\n\n{example(OTHER)}\n\n{example(HARD)}")
    assert page.target is not None
    assert (page.target.method, [one.method for one in page.examples]) == (HARD, [OTHER, HARD])


def test_answers_are_right_as_often_as_the_chance_says() -> None:
    right, expected = 0, 0.0
    for seed in range(5):
        for method in METHODS:
            problem, answer = told(method, "harbour", seed)
            text = prompt(problem, [example(method)])
            reply = ask(text)
            right += is_same_answer(reply.rpartition("Answer: ")[2], str(answer))
            expected += outlook(read_page(text), Strengths(), with_steps=True).right
    assert abs(right - expected) < 4 * (200 * 0.25) ** 0.5


def test_the_answer_depends_on_request_draw_and_seed_alone() -> None:
    text = prompt(told(HARD, "ski")[0])
    assert ask(text) == ask(text)
    assert len({ask(text, draw=draw) for draw in range(12)}) > 2
    assert len({ask(text, simulated_solver(seed=seed)) for seed in range(12)}) > 2


def test_several_draws_differ_less_than_several_problems() -> None:
    problems = [told(method, "ski", seed) for seed in range(2) for method in METHODS]
    solver = simulated_solver(noise=0)
    for problem, answer in problems[:20]:
        right = [
            is_same_answer(ask(prompt(problem), solver, draw=d).rpartition(": ")[2], str(answer)) for d in range(4)
        ]
        assert len(set(right)) == 1


def test_a_wrong_answer_is_never_the_right_one() -> None:
    solver = simulated_solver(ability=0, uptake=0)
    for method in METHODS:
        problem, answer = told(method, "mine")
        assert not is_same_answer(ask(prompt(problem, [example(OTHER)]), solver).rpartition(": ")[2], str(answer))


def test_of_a_problem_that_is_no_puzzle_it_understands_nothing_and_guesses() -> None:
    replies = {ask(prompt(f"What is {n} + {n}?", [example(HARD)])) for n in range(8)}
    assert len(replies) > 3
    assert all(reply.startswith("Answer: ") for reply in replies)


def test_asked_for_the_method_it_names_one_and_story_misleads_it() -> None:
    def right(story_of: str) -> int:
        return sum(
            ask(f"Problem: {told(m, m.story if story_of == 'own' else 'ski', seed)[0]}\n\nName the method of this.")
            == m.name
            for seed in range(2)
            for m in METHODS
            if m.story != "ski"
        )

    assert right("own") > right("ski") > 20


def test_asked_for_the_topic_it_names_that() -> None:
    assert ask(f"{told(HARD, 'mine')[0]}\n\nWhich topic is this?") in {method.topic for method in METHODS}


@pytest.mark.parametrize(
    ("instructions", "fields", "starts"),
    [
        ("Give the result as \\boxed{...}.", {}, "\\boxed{"),
        ("Just solve it.", {}, "The answer is "),
        ("Solve it.\n\nResult: <number>", {}, "Result: "),
        ("Think step by step.", {}, "This takes "),
        ("Solve it.", {"schema": {"type": "object", "properties": {"answer": {"type": "string"}}}}, '{"answer":"'),
    ],
)
def test_it_answers_in_the_form_that_was_asked_for(instructions: str, fields: dict[str, Any], starts: str) -> None:
    assert ask(prompt(told(OTHER, "school")[0], instructions=instructions), **fields).startswith(starts)


def test_a_tool_that_is_required_is_called_once() -> None:
    tool = Tool("calculate", "", {"type": "object", "properties": {"expression": {"type": "string"}}})
    request = Request((Message("user", prompt(told(HARD, "ski")[0])),), tools=(tool,), require="calculate")
    completion = asyncio.run(simulated_solver().complete(request, draw=0))
    assert [call.name for call in completion.tool_calls] == ["calculate"]


def test_settings_are_named_differ_and_are_part_of_the_cache_key() -> None:
    specs = ["simulated:solver", *(f"simulated:solver-{name}" for name in PRESETS if name)]
    backends = [make_backend(spec, {}) for spec in specs]
    assert len({str(backend.settings) for backend in backends}) == 4
    assert all(backend.simulated for backend in backends)
    with pytest.raises(UsageError, match="unknown strength 'wit' of the simulated solver: known are ability"):
        make_backend("simulated:solver", {"wit": 1})
    with pytest.raises(UsageError, match="unknown setting 'clever'"):
        simulated_solver("clever")


def test_what_does_not_fit_its_window_is_too_long() -> None:
    with pytest.raises(PromptTooLong):
        ask("word " * 40_000)


def test_huge_numbers_in_a_puzzle_cost_no_time() -> None:
    problem = "The {0} are {0} and {0}: one team of x needs {0} hours for all the y, another team needs {0} hours. "
    problem += "In how many hours are they done if nobody waits for the others?"
    assert ask(problem.format("9" * 2000))


def test_a_call_with_fifty_examples_takes_a_few_milliseconds() -> None:
    text = prompt(told(HARD, "ski")[0], [example(method) for method in METHODS])
    read_page(text)
    began = time.process_time()
    for _ in range(10):
        ask(text)
    assert (time.process_time() - began) / 10 < 0.02
