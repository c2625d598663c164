"""Problems that are the same but for how they are written are found, and others are not."""

import pytest

from meta_reward.tasks.importers.near_duplicates import Duplicates, fingerprint

TRAIN = r"A train of $x = 120$ metres takes $\frac{1}{2}$ minute. It passes a bridge of 480 metres. How fast is $x$?"
SAME = [
    TRAIN,
    TRAIN.replace(" ", "\n "),
    TRAIN.replace("x", "y").replace("$", ""),
    TRAIN.replace("$x", r"$\theta ").replace("x$", r"\theta$"),
    TRAIN.replace(r"\frac{1}{2}", r"\dfrac12"),
    r"It passes a bridge of 480 metres. A train of $x = 120$ metres takes $\frac{1}{2}$ minute. How fast is $x$?",
    TRAIN.replace("takes", "Needs"),
]
OTHER = [
    TRAIN.replace("480", "490"),
    TRAIN.replace("120", "480", 1).replace("bridge of 480", "bridge of 240"),
    "What is the sum of 120, 1, 2 and 480?",
    "",
]


@pytest.mark.parametrize("problem", SAME)
def test_the_same_problem_is_found_however_it_is_written(problem: str) -> None:
    known = Duplicates([fingerprint("Another problem with 3 numbers: 1, 2."), fingerprint(TRAIN)])
    assert known.find(fingerprint(problem)) == [1]


@pytest.mark.parametrize("problem", OTHER)
def test_another_problem_is_not(problem: str) -> None:
    assert Duplicates([fingerprint(TRAIN)]).find(fingerprint(problem)) == []


def test_exact_are_those_that_differ_in_spaces_alone() -> None:
    known = Duplicates([fingerprint(TRAIN)])
    assert [known.has_exact(fingerprint(problem)) for problem in SAME[:3]] == [True, True, False]


def test_a_swap_of_two_numbers_is_another_problem() -> None:
    assert Duplicates([fingerprint("Compute 3 - 4 + 7.")]).find(fingerprint("Compute 4 - 7 + 3.")) == []
