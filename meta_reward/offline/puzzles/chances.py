"""Methods of counting and chance."""

from fractions import Fraction
from math import comb, factorial

from meta_reward.offline.puzzles.method import between, method

COUNTING = (
    method(
        "pairs without order",
        "counting",
        0.5,
        "theatre",
        asks=(
            "Each of {a} {who} greets every other one once. How many greetings are exchanged?",
            "Any two of the {a} {thing} are compared exactly once. How many comparisons does that make?",
        ),
        steps="Each of {a} meets {a} - 1 others, and every pair is counted twice, so halve the product.",
        draw=between(a=(6, 120)),
        answer=lambda n: comb(n["a"], 2),
    ),
    method(
        "one loser a game",
        "counting",
        0.35,
        "ski",
        asks=(
            "{a} {who} play in a cup where whoever loses is out. How many matches until there is a champion?",
            "From {a} {thing} one is to be left, and each duel removes one. How many duels does it come to?",
        ),
        steps="Every match removes one of {a}, and one is left.",
        draw=between(a=(9, 200)),
        answer=lambda n: n["a"] - 1,
    ),
    method(
        "bars between portions",
        "counting",
        0.15,
        "island",
        asks=(
            "{a} equal {thing} go to {b} different {who}, and some may get none. "
            "In how many ways can this be handed out?",
            "How often can {b} different {who} share {a} {thing} that nobody can tell apart in another way?",
        ),
        steps="Place {b} - 1 bars among {a} items and bars, and choose their places.",
        draw=between(a=(3, 20), b=(3, 8)),
        answer=lambda n: comb(n["a"] + n["b"] - 1, n["b"] - 1),
    ),
    method(
        "ring arrangements",
        "counting",
        0.25,
        "library",
        asks=(
            "{a} different {thing} stand in a circle, where turning the circle changes nothing, and {b} more wait. "
            "How many circles are there to choose from?",
            "Around a table {a} {who} sit while {b} watch, and only who sits next to whom on which side matters. "
            "How many seatings can be told apart?",
        ),
        steps="Fix one of the {a} and order the others; those {b} who are not in the ring do not matter.",
        draw=between(a=(4, 7), b=(1, 20)),
        answer=lambda n: factorial(n["a"] - 1),
    ),
    method(
        "counting the opposite",
        "counting",
        0.3,
        "tailor",
        asks=(
            "A code of {b} letters uses the first {a} of the alphabet. How many codes have an A at least once?",
            "{b} {thing} each get one of {a} colours, red among them. How many colourings use some red?",
        ),
        steps="Of all {a}^{b} take away those that avoid it, ({a} - 1)^{b}.",
        draw=between(a=(3, 15), b=(2, 6)),
        answer=lambda n: n["a"] ** n["b"] - (n["a"] - 1) ** n["b"],
    ),
)

CHANCE = (
    method(
        "complement of no success",
        "chance",
        0.4,
        "circus",
        asks=(
            "Each try of the {who} succeeds with chance 1/{a}, whatever came before. "
            "What is the chance that {b} tries bring at least one success?",
            "One in {a} {thing} is special, and {b} are taken from an endless supply. "
            "How probable is it to hold something special?",
        ),
        steps="All {b} fail with chance (1 - 1/{a})^{b}; subtract that from 1.",
        draw=between(a=(2, 15), b=(2, 6)),
        answer=lambda n: 1 - (1 - Fraction(1, n["a"])) ** n["b"],
    ),
    method(
        "drawing without replacement",
        "chance",
        0.4,
        "garden",
        asks=(
            "Of {b} {thing}, {a} are red. Two are taken at once without looking. "
            "What is the probability that both are red?",
            "{a} of the {b} {who} are left-handed, and two of them are drawn by lot. "
            "How likely is it that neither is right-handed?",
        ),
        steps="The first succeeds with {a}/{b}; then one less is there of both: multiply.",
        draw=lambda chance: {"a": (a := chance.randint(3, 12)), "b": a + chance.randint(3, 15)},
        answer=lambda n: Fraction(n["a"] * (n["a"] - 1), n["b"] * (n["b"] - 1)),
    ),
    method(
        "expected gain",
        "chance",
        0.35,
        "vineyard",
        asks=(
            "A ticket costs {c} crowns and one of {b} tickets wins {a} crowns. "
            "How many crowns does a buyer gain on average?",
            "The {who} pay {c} crowns for a guess; one guess in {b} brings {a} crowns. "
            "What is a guess worth in the mean?",
        ),
        steps="The prize counts {a}/{b} on average; subtract the price {c}.",
        draw=lambda chance: {
            "b": (b := chance.randint(5, 20)),
            "c": (c := chance.randint(1, 6)),
            "a": b * c + chance.randint(1, 60),
        },
        answer=lambda n: Fraction(n["a"], n["b"]) - n["c"],
    ),
    method(
        "share among the flagged",
        "chance",
        0.15,
        "observatory",
        asks=(
            "Of {a} faulty {thing} a test marks {b}, and of {d} sound ones it marks {c}. "
            "One is marked: what is the chance that it is indeed faulty?",
            "An alarm rings for {b} of {a} true events and for {c} of {d} false ones. It rings now. "
            "How probable is a true event behind it?",
        ),
        steps="Only what is marked counts: {b} rightly and {c} wrongly, so take {b} of {b} + {c}.",
        draw=lambda chance: {
            "a": (a := chance.randint(10, 40)),
            "b": chance.randint(a // 2, a - 1),
            "d": (d := chance.randint(50, 200)),
            "c": chance.randint(2, d // 4),
        },
        answer=lambda n: Fraction(n["b"], n["b"] + n["c"]),
    ),
    method(
        "either of two",
        "chance",
        0.45,
        "school",
        asks=(
            "{a} percent of the {who} swim, {b} percent sing and {c} percent do both. "
            "How many percent do at least one?",
            "With chance {a} percent the {place} is cold, with {b} percent dark, with {c} percent both. "
            "With how many percent is it either of these?",
        ),
        steps="Add {a} and {b}, and take off {c}, which was counted twice.",
        draw=lambda chance: {
            "c": (c := chance.randint(3, 20)),
            "a": c + chance.randint(5, 35),
            "b": c + chance.randint(5, 35),
        },
        answer=lambda n: n["a"] + n["b"] - n["c"],
    ),
)
