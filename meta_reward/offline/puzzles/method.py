"""What a method of the simulated problems is: how it is asked, solved and recognised.

A way of asking is a template with numbers `{a}` to `{d}` and words of a story. Its last characters are the same in
every problem and no other way of asking ends in them, so that a problem is recognised by its question mark.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from random import Random

ENDING = 20
"""How many characters before and with the question mark tell how a problem is asked."""
_FIELD = re.compile(r"\\\{(\w+)\\\}")

Numbers = Mapping[str, int]


@dataclass(frozen=True)
class Ask:
    """One way of asking for a method."""

    template: str

    @cached_property
    def ending(self) -> str:
        return self.template[-ENDING:]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the asked text, up to its end, with the numbers as groups."""
        seen: set[str] = set()

        def group(found: re.Match[str]) -> str:
            name = found[1]
            if len(name) > 1:
                return r"[\w' -]{1,60}?"
            again = name in seen
            seen.add(name)
            return f"(?P={name})" if again else rf"(?P<{name}>\d+)"

        spaced = _FIELD.sub(group, re.escape(self.template)).replace(r"\ ", r"\s+")
        return re.compile(f"{spaced}$")


@dataclass(frozen=True)
class Method:
    """One of the methods that problems take."""

    name: str
    topic: str
    ease: float
    """The chance that a simulated solver of usual ability knows it."""
    story: str
    """Which story its problems usually tell."""
    asks: tuple[Ask, ...]
    steps: str
    """How it is done, with the numbers and the result."""
    draw: Callable[[Random], Numbers]
    answer: Callable[[Numbers], Fraction]

    @property
    def level(self) -> int:
        """1 for what is easy, to 3."""
        return 3 if self.ease < 0.25 else 2 if self.ease < 0.45 else 1

    def solution(self, numbers: Numbers) -> str:
        """The worked solution. It begins by naming the method."""
        result = latex(self.answer(numbers))
        return f"Use {self.name}. {self.steps.format(**numbers)} The answer is $\\boxed{{{result}}}$."


def latex(value: Fraction) -> str:
    """A number as answers give it."""
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def method(
    name: str,
    topic: str,
    ease: float,
    story: str,
    *,
    asks: tuple[str, ...],
    steps: str,
    draw: Callable[[Random], Numbers],
    answer: Callable[[Numbers], int | Fraction],
) -> Method:
    """A method from the texts of its ways of asking."""
    return Method(name, topic, ease, story, tuple(map(Ask, asks)), steps, draw, lambda n: Fraction(answer(n)))


def between(**ranges: tuple[int, int]) -> Callable[[Random], Numbers]:
    """Draws each number from its range, both ends included."""
    return lambda chance: {name: chance.randint(*ends) for name, ends in ranges.items()}
