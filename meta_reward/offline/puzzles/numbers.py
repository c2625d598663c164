"""Methods of numbers and sequences."""

from fractions import Fraction
from math import gcd, lcm
from random import Random

from meta_reward.offline.puzzles.method import Numbers, between, method


def _coprime(chance: Random) -> Numbers:
    """Two divisors without a common factor, and a remainder of each."""
    while True:
        a, b = chance.randint(3, 9), chance.randint(5, 13)
        if a != b and gcd(a, b) == 1:
            return {"a": a, "b": b, "c": chance.randint(1, a - 1), "d": chance.randint(1, b - 1)}


NUMBERS = (
    method(
        "least common multiple",
        "numbers",
        0.55,
        "workshop",
        asks=(
            "One of the {thing} strikes every {a} minutes, another every {b}, and just now both do. "
            "After how many minutes do they coincide again?",
            "The {who} come every {a} days, the inspector every {b} days, today all at once. "
            "In how many days is it so the next time?",
        ),
        steps="Both periods, {a} and {b}, have to divide the time: take the smallest such number.",
        draw=between(a=(4, 30), b=(6, 36)),
        answer=lambda n: lcm(n["a"], n["b"]),
    ),
    method(
        "greatest common divisor",
        "numbers",
        0.5,
        "bakery",
        asks=(
            "A floor of {a} by {b} tiles is cut into equal squares, as large as possible. "
            "How many tiles long is the side of a square?",
            "{a} {thing} and {b} baskets are packed into equal parcels, with nothing left. "
            "What is the largest number of parcels?",
        ),
        steps="The length has to divide both {a} and {b}: take the largest such number.",
        draw=lambda chance: {"a": (g := chance.randint(3, 15)) * chance.randint(2, 9), "b": g * chance.randint(3, 11)},
        answer=lambda n: gcd(n["a"], n["b"]),
    ),
    method(
        "cycle of last digits",
        "numbers",
        0.25,
        "mine",
        asks=(
            "The number {a} is multiplied by itself until it stands {b} times in the product. "
            "Which digit is the last one written?",
            "In the ledger of the {place} stands {a}^{b}, written out. On which digit does that line end?",
        ),
        steps="The last digits of powers of {a} repeat; reduce the exponent {b} by the length of the cycle.",
        draw=between(a=(2, 29), b=(11, 99)),
        answer=lambda n: pow(n["a"], n["b"], 10),
    ),
    method(
        "multiples of either",
        "numbers",
        0.25,
        "museum",
        asks=(
            "The {thing} are numbered from 1 to {c}. Dividing by {a} or by {b}, for how many numbers is nothing left?",
            "Every {a}th and every {b}th of {c} {who} in a row gets a badge, nobody two. How many badges are needed?",
        ),
        steps="Count the multiples of {a} and of {b} up to {c}, and take off those of both.",
        draw=between(a=(3, 9), b=(4, 12), c=(60, 400)),
        answer=lambda n: n["c"] // n["a"] + n["c"] // n["b"] - n["c"] // lcm(n["a"], n["b"]),
    ),
    method(
        "matching remainders",
        "numbers",
        0.12,
        "airfield",
        asks=(
            "In rows of {a} the {thing} leave {c} over, in rows of {b} they leave {d}. "
            "What is the smallest number that fits?",
            "Counted by {a} there remain {c} of the {who}, counted by {b} there remain {d}. "
            "How many are there at the very least?",
        ),
        steps="Go through {d}, {d} + {b}, {d} + 2 * {b} and so on until dividing by {a} leaves {c}.",
        draw=_coprime,
        answer=lambda n: next(x for x in range(n["d"], 10_000, n["b"]) if x % n["a"] == n["c"]),
    ),
)

SEQUENCES = (
    method(
        "sum of even steps",
        "sequences",
        0.4,
        "orchard",
        asks=(
            "On the first day the {who} deliver {a} {thing}, and each day {b} more than the day before. "
            "After {c} days, how many have they delivered?",
            "The lowest row holds {a} {thing}, every further row {b} more, and there are {c} rows. "
            "How many do all rows hold together?",
        ),
        steps="The last term is {a} + ({c} - 1) * {b}; multiply the mean of first and last by {c}.",
        draw=between(a=(2, 30), b=(2, 9), c=(6, 30)),
        answer=lambda n: Fraction(n["c"] * (2 * n["a"] + (n["c"] - 1) * n["b"]), 2),
    ),
    method(
        "repeated factor",
        "sequences",
        0.45,
        "observatory",
        asks=(
            "There are {a} at first, and every week there are {b} times as many. "
            "When {c} weeks are over, how many are there?",
            "Each of {a} {who} tells the news to so many that the number is {b} times as large with every hour. "
            "After {c} hours, how many have been told?",
        ),
        steps="Multiply {a} by {b} once for each step: {a} * {b}^{c}.",
        draw=between(a=(2, 30), b=(2, 4), c=(3, 6)),
        answer=lambda n: n["a"] * n["b"] ** n["c"],
    ),
    method(
        "posts and gaps",
        "sequences",
        0.4,
        "railway",
        asks=(
            "Along {a} metres a lamp stands every {b} metres, one at either end. How many lamps are there along it?",
            "The {who} set a mark each {b} metres over {a} metres, the ends included. How many marks do they set?",
        ),
        steps="There are {a}/{b} gaps, and one more post than gaps.",
        draw=lambda chance: {"b": (b := chance.randint(3, 15)), "a": b * chance.randint(8, 60)},
        answer=lambda n: n["a"] // n["b"] + 1,
    ),
    method(
        "cuts and pieces",
        "sequences",
        0.35,
        "workshop",
        asks=(
            "To saw a beam into {a} pieces, with {b} minutes for every cut, takes the {who} some time. "
            "How many minutes is that in all?",
            "A chain is to become {a} parts, and each parting lasts {b} minutes. "
            "How many minutes until the parts lie there?",
        ),
        steps="For {a} pieces it takes {a} - 1 cuts of {b} minutes.",
        draw=between(a=(4, 30), b=(2, 12)),
        answer=lambda n: (n["a"] - 1) * n["b"],
    ),
    method(
        "position in a cycle",
        "sequences",
        0.4,
        "dairy",
        asks=(
            "{a} {who} take turns in a fixed order, each for a day. Who has the day after {b} days, by number, "
            "if number 0 has today and the next is 1?",
            "A row of {a} signs, numbered from 0, is shown again and again. When {b} are past, which number comes up?",
        ),
        steps="Every {a} days begin anew; what counts is what remains of {b} after dividing by {a}.",
        draw=between(a=(5, 13), b=(40, 500)),
        answer=lambda n: n["b"] % n["a"],
    ),
)
