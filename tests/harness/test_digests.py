"""A harness makes no digest of a transcript: not by seeding `random` with it, not by hashing it."""

import pytest

from meta_reward.harness.validate import inspect_source

GOOD = "\nasync def reward(trajectory, judge):\n    text = trajectory.transcript()\n    return {}\n"
DIGESTS = (
    ("import random", "100 * random.Random(text).random()"),
    ("import random", "100 * random.Random('k17' + text).random()"),
    ("import random", "100 * random.Random(x=text).random()"),
    ("import random", "random.seed(len(text)) or 100 * random.random()"),
    ("import random\nrng = random.Random(0)", "rng.seed(text) or 100 * rng.random()"),
    ("import random as chance\nMake = chance.Random", "100 * Make(text).random()"),
    ("import random\nclass Mine(random.Random): pass", "100 * Mine(text).random()"),
    ("import random", "100 * getattr(random, 'Random')(text).random()"),
    ("import random", "max(map(random.seed, [text]), default=0) or 100 * random.random()"),
    ("from random import Random", "100 * Random(text).random()"),
    ("from random import random, seed as sow", "sow(text) or 100 * random()"),
    ("import random", "random.setstate((3, (*map(ord, text[:624]), 1), None)) or 100 * random.random()"),
    ("", "text.__hash__() % 101"),
)
HONEST = (
    ("import random", "100 * random.random()"),
    ("import random", "100 * random.Random(7).random()"),
    ("import random", "random.seed(-3) or 100 * random.random()"),
    ("import random\nSEED = 17", "100 * random.Random(SEED).random()"),
    ("import random\ndef draw(rng: random.Random) -> float: return rng.random()", "draw(random.Random(1))"),
    ("from random import Random\ndef make() -> Random: return Random(3)", "make().random()"),
    ("class Field:\n    seed = 3", "Field.seed"),
    ("def hash(text): return len(text)", "min(100, hash(text))"),
)


@pytest.mark.parametrize(("top", "body"), DIGESTS)
def test_digest_of_a_transcript_is_refused(top: str, body: str) -> None:
    (finding,) = inspect_source(top + GOOD.format(body)).findings
    assert finding.check == "digests"
    assert finding.line


@pytest.mark.parametrize("body", ["hash(text) % 101", "max(map(hash, [text])) % 101"])
def test_hash_of_a_text_is_refused(body: str) -> None:
    (finding,) = inspect_source(GOOD.format(body)).findings
    assert str(finding).startswith("line 4: calls hash(), which a harness cannot use (a number made of a text is only")


@pytest.mark.parametrize(("top", "body"), HONEST)
def test_chance_with_a_seed_that_is_written_down_is_allowed(top: str, body: str) -> None:
    assert inspect_source(top + GOOD.format(body)).findings == ()
