"""Duplicates: what changes nothing but words for the reader is the same program; all else is another one."""

import pytest

from meta_reward.harness.validate import fingerprint

PROGRAM = '''
"""Counts."""
from meta_reward.harness import Reward

ROOM = 3


def helper(text, room=3):
    """Shortens."""
    kept = [word for word in text if word]
    def inner(step):
        nonlocal kept
        kept = step
        return lambda last: last + step + room
    try:
        size = len(kept)
    except ValueError as error:
        raise error from None
    match text:
        case [first, *others]: return first, others
        case {"key": found, **left}: return found, left
    with open_thing() as thing:
        return inner(thing), size


class Box:
    width = 2

    def grow(self, by):
        wide = self.width + by
        return wide


async def reward(trajectory, judge):
    def look(order):
        """Look an order up."""
        return order
    reply = await judge.ask("x", tools=[look])
    return Reward(helper(text=reply.text, room=2))
'''


def changed(*pairs: tuple[str, str]) -> str:
    source = PROGRAM
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize(
    "pairs",
    [
        [("room=3", "room = (3)"), ("ROOM = 3", "ROOM=3")],
        [('"""Counts."""', '"""Other words."""\n# and a comment')],
        [('    """Shortens."""\n', "")],
        [("kept", "words")],
        [("inner", "nested"), ("step", "stride"), ("lambda last: last", "lambda end: end")],
        [("word for word in text if word", "w for w in text if w")],
        [("as error", "as trouble"), ("raise error", "raise trouble")],
        [("[first, *others]: return first, others", "[a, *b]: return a, b")],
        [("found, **left}: return found, left", "a, **b}: return a, b")],
        [("as thing", "as it"), ("inner(thing)", "inner(it)")],
        [("wide", "total"), ("by", "more")],
        [("trajectory, judge", "run, j"), ("judge.ask", "j.ask"), ("reply", "answer")],
        [("reply", "said")],
    ],
)
def test_other_words_for_what_is_local_make_a_duplicate(pairs: list[tuple[str, str]]) -> None:
    assert fingerprint(changed(*pairs)) == fingerprint(PROGRAM)


@pytest.mark.parametrize(
    "pairs",
    [
        [("room=3", "room=4")],
        [("helper", "shorten")],
        [("ROOM", "SPACE")],
        [("word for word in text if word", "word for word in text if text")],
        [("return first, others", "return others, first")],
        [("lambda last: last + step", "lambda last: step + last")],
        [("width", "breadth")],
        [("grow", "widen")],
        [("look(order)", "look(number)"), ("return order", "return number")],
        [("look", "find")],
        [('"""Look an order up."""', '"""Find an order."""')],
        [('"x"', '"y"')],
        [("nonlocal kept\n", "pass\n")],
    ],
)
def test_what_the_judge_or_another_part_can_see_makes_another_program(pairs: list[tuple[str, str]]) -> None:
    assert fingerprint(changed(*pairs)) != fingerprint(PROGRAM)


def test_swapping_two_names_is_no_renaming() -> None:
    first = "def f(a, b):\n    return a - b\n"
    assert fingerprint("def f(b, a):\n    return b - a\n") == fingerprint(first)
    assert fingerprint("def f(a, b):\n    return b - a\n") != fingerprint(first)


def test_inner_names_that_hide_outer_ones_are_told_apart() -> None:
    hiding = "def f(x):\n    g = lambda x: x\n    return g(x)\n"
    assert fingerprint("def f(x):\n    g = lambda y: x\n    return g(x)\n") != fingerprint(hiding)


def test_parameters_of_inner_functions_that_are_called_by_keyword_keep_their_names() -> None:
    called = "def f():\n    g = lambda a, b: a - b\n    return g(a=1, b=2)\n"
    assert fingerprint(called) != fingerprint(called.replace("a, b:", "b, a:").replace("a - b", "b - a"))


def test_docstrings_count_where_the_program_reads_them() -> None:
    reading = "def f():\n    'A.'\n    return f.__doc__\n"
    assert fingerprint(reading) != fingerprint(reading.replace("A.", "B."))
