"""A simulated solver: does as the worked examples in the prompt do, and knows a little of each method by itself.

**Its numbers say nothing about any real model.** It exists so that searches over programs that retrieve examples, and
their tests, can run without a key. An answer depends on the request's text, the draw and the seed, on nothing else.

    reading   finds the problem that is asked and the worked examples    chance   how likely it is right
    reply     answers in the form that was asked for                     settings   the strengths

It solves the problems of `puzzles`: it recognises each, and is right with a chance that grows from what it knows of
the method to nine in ten where a worked example of that method stands well in sight. Of any other problem, such as
those of MATH, it understands nothing and guesses a number.

    strength     what it does                                            what it yields to
    ability      knows easy methods more often than hard ones            examples of the right method
    attention    takes in about three examples, those next to the        few examples, the best one next to the problem
                 problem first
    middle       loses the middle of prompts above 3,000 characters      short prompts
    suggestion   applies the method of the first example it sees, the    examples that share the method, not the words;
                 more readily the more that one's words are alike        the right one first
    surface      asked to name a method, takes it for one that the       asking several times
                 story is usual for
    haste        slips where nobody asks for the steps                   being asked for them
    noise        half by case, a quarter by wording, a quarter by draw   several draws
"""

from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist

from meta_reward.completion import Request
from meta_reward.offline.puzzles.build import METHODS
from meta_reward.offline.puzzles.method import Method, Numbers
from meta_reward.offline.puzzles.stories import STORIES
from meta_reward.offline.simulated import Dice, SimulatedModel
from meta_reward.offline.solver.chance import outlook
from meta_reward.offline.solver.reading import Asked, Page, read_page
from meta_reward.offline.solver.reply import calls_to_make, wants_name, wants_steps, with_answer, written
from meta_reward.offline.solver.settings import Strengths, strengths_of
from meta_reward.trajectory import ToolCall

WINDOW_TOKENS = 32_000
_NAMED, _NAMED_BY_STORY = 0.75, 0.5  # how often a method is named rightly, where the story is usual for it, and not
_STANDARD = NormalDist()


class SimulatedSolver(SimulatedModel[Strengths]):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "solver"
    kind = "simulated:solver"
    version = 1

    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        return calls_to_make(request) or self._answer(request, draw, digest)

    def _answer(self, request: Request, draw: int, digest: str) -> str:
        page = read_page("\n\n".join([request.system or "", *(message.content for message in request.messages)]))
        if page.target is None:
            guess = str(1 + int(self.dice.uniform(digest, draw, "guess") * 20))
            return with_answer(guess, "", schema=request.schema, instructions=page.rest)
        named = wants_name(page.rest)
        if named and request.schema is None:
            method = self._named(page.target, digest, draw)
            return method.topic if named == "topic" else method.name
        return self._solution(page, page.target, request, digest, draw)

    def _solution(self, page: Page, target: Asked, request: Request, digest: str, draw: int) -> str:
        with_steps = wants_steps(page.rest)
        chances = outlook(page, self.strengths, with_steps=with_steps)
        is_right = self._luck(target, digest, draw) < chances.right
        method = target.method if is_right else chances.wrong_method or target.method
        right = target.method.answer(target.numbers)
        value = right if is_right else _wrong(chances.wrong_method, target.numbers, right, self.dice, digest, draw)
        answer = written(value, self.dice.uniform(digest, draw, "form"))
        steps = f"This takes {method.name}. {method.steps.split(';')[0].split('.')[0]}." if with_steps else ""
        return with_answer(answer, _plain(steps), schema=request.schema, instructions=page.rest)

    def _named(self, target: Asked, digest: str, draw: int) -> Method:
        """The method that a problem is taken for."""
        usual = [method for method in METHODS if _tells(method, target)]
        chance = _NAMED if target.method in usual else 1 - (1 - _NAMED_BY_STORY) * min(2.0, self.strengths.surface)
        if self._luck(target, digest, draw, "name") < chance:
            return target.method
        others = [method for method in usual or METHODS if method is not target.method]
        return others[int(self.dice.uniform(digest, draw, "other") * len(others))]

    def _luck(self, target: Asked, digest: str, draw: int, of: str = "solve") -> float:
        """A number in (0, 1): half of its variance hangs on the problem, a quarter on the prompt, the rest on the draw.

        Without noise it hangs on the problem alone.
        """
        case = (target.method.name, *sorted(target.numbers.items()), of)
        noise = min(1.0, 0.5 * self.strengths.noise)
        mixed = (1 - noise) ** 0.5 * self.dice.normal(*case)
        mixed += (noise / 2) ** 0.5 * (self.dice.normal(digest, of) + self.dice.normal(digest, draw, of))
        return _STANDARD.cdf(mixed)


def simulated_solver(
    preset: str = "", *, seed: int = 0, window_tokens: int = WINDOW_TOKENS, **strengths: float
) -> SimulatedSolver:
    """A simulated solver by setting ("", "weak", "forgetful", "gullible"), seed and changed strengths.

    Raises UsageError, which lists what is known, for another setting or strength.
    """
    return SimulatedSolver(strengths_of(preset, strengths), seed=seed, window_tokens=window_tokens, preset=preset)


def _tells(method: Method, target: Asked) -> bool:
    """Whether a problem is told in the story that is usual for a method."""
    return any(
        len(set(opening.lower().replace(",", "").split()) & target.words) > 4
        for opening in STORIES[method.story].openings
    )


def _wrong(method: Method | None, numbers: Numbers, right: Fraction, dice: Dice, digest: str, draw: int) -> Fraction:
    """A wrong answer: what another method makes of the numbers, else a slip."""
    if method is not None:
        values = list(numbers.values())
        given = {name: values[n % len(values)] + n // len(values) for n, name in enumerate("abcd")}
        try:
            value = method.answer(given)
            if value != right and value.denominator < 10**6 and abs(value.numerator) < 10**12:
                return value
        except (ArithmeticError, ValueError, StopIteration, OverflowError):
            pass  # that method makes nothing of these numbers
    slip = 1 + int(dice.uniform(digest, draw, "slip") * 4)
    return right + (slip if dice.uniform(digest, draw, "sign") < 0.5 or right <= slip else -slip)


def _plain(steps: str) -> str:
    """Steps without the places of numbers."""
    return steps.replace("{", "").replace("}", "")
