"""Methods of rates, percentages and money."""

from fractions import Fraction

from meta_reward.offline.puzzles.method import between, method

RATES = (
    method(
        "combined rates",
        "rates",
        0.45,
        "printshop",
        asks=(
            "Working alone, the first group of {who} finishes in {a} hours and the second in {b} hours. "
            "How long does it take both of them side by side?",
            "One team of {who} needs {a} hours for all the {thing}, another team needs {b} hours. "
            "In how many hours are they done if nobody waits for the others?",
        ),
        steps="Per hour they do 1/{a} and 1/{b} of the whole; add these shares and take the reciprocal.",
        draw=between(a=(3, 15), b=(4, 18)),
        answer=lambda n: Fraction(n["a"] * n["b"], n["a"] + n["b"]),
    ),
    method(
        "filling against a leak",
        "rates",
        0.25,
        "dairy",
        asks=(
            "The supply alone takes {a} hours to make the store of {thing} complete, while losses alone would empty "
            "it in {b} hours. After how many hours is it full in spite of them?",
            "What {a} hours bring in, losses take away in {b} hours. Starting with nothing, when is the whole amount "
            "of {thing} there, and nothing is missing?",
        ),
        steps="Per hour 1/{a} comes in and 1/{b} is lost; subtract the loss and take the reciprocal.",
        draw=lambda chance: {"a": (a := chance.randint(3, 12)), "b": a + chance.randint(1, 9)},
        answer=lambda n: Fraction(n["a"] * n["b"], n["b"] - n["a"]),
    ),
    method(
        "harmonic mean speed",
        "rates",
        0.2,
        "airfield",
        asks=(
            "The {who} go to the {place} at {a} kilometres an hour and come back the same way at {b}. "
            "What is their speed over the whole journey?",
            "Outward the {who} make {a} kilometres an hour, homeward {b}. "
            "Which constant speed would have taken just as long?",
        ),
        steps="Equal distances take unequal times, so divide twice the product {a} * {b} by the sum.",
        draw=between(a=(12, 40), b=(20, 60)),
        answer=lambda n: Fraction(2 * n["a"] * n["b"], n["a"] + n["b"]),
    ),
    method(
        "closing speed",
        "rates",
        0.55,
        "railway",
        asks=(
            "Two parties of {who} are {c} kilometres apart and move toward each other at {a} and {b} kilometres an "
            "hour. After how many hours do they meet?",
            "From both ends of a road of {c} kilometres the {who} set out at {a} and {b} kilometres an hour. "
            "When do they stand face to face?",
        ),
        steps="The gap of {c} shrinks by {a} + {b} each hour, so divide it by this sum.",
        draw=between(a=(3, 20), b=(4, 25), c=(60, 300)),
        answer=lambda n: Fraction(n["c"], n["a"] + n["b"]),
    ),
    method(
        "catching up",
        "rates",
        0.35,
        "ski",
        asks=(
            "The slow {who} leave {c} hours early at {a} kilometres an hour, the fast ones follow at {b}. "
            "How many hours after starting are the late ones level?",
            "With a start of {c} hours the first {who} move at {a} kilometres an hour, pursued at {b}. "
            "How long does the pursuit last?",
        ),
        steps="The lead is {c} * {a}; it shrinks by {b} - {a} each hour, so divide.",
        draw=lambda chance: {
            "a": (a := chance.randint(4, 15)),
            "b": a + chance.randint(2, 9),
            "c": chance.randint(1, 5),
        },
        answer=lambda n: Fraction(n["c"] * n["a"], n["b"] - n["a"]),
    ),
)

PERCENT = (
    method(
        "weighted mean of strengths",
        "percent",
        0.4,
        "vineyard",
        asks=(
            "{c} parts of {a} percent quality are joined with {d} parts of {b} percent quality at the {place}. "
            "How many percent has the blend?",
            "The {who} have {c} lots at {a} percent and {d} lots at {b} percent, and throw all of them together. "
            "Which percentage comes out?",
        ),
        steps="Weigh each percentage by its parts: {c} * {a} + {d} * {b}, divided by {c} + {d}.",
        draw=between(a=(10, 45), b=(46, 90), c=(2, 12), d=(3, 12)),
        answer=lambda n: Fraction(n["a"] * n["c"] + n["b"] * n["d"], n["c"] + n["d"]),
    ),
    method(
        "chained percentages",
        "percent",
        0.35,
        "tailor",
        asks=(
            "The price of the {thing} goes up by {a} percent and then down by {b} percent. "
            "What percentage of the old price is left to pay?",
            "First {a} percent are added to what the {thing} cost, then {b} percent taken off. "
            "How much is it now, in percent of before?",
        ),
        steps="Multiply the factors (100 + {a})/100 and (100 - {b})/100; percentages do not add.",
        draw=between(a=(5, 60), b=(5, 60)),
        answer=lambda n: Fraction((100 + n["a"]) * (100 - n["b"]), 100),
    ),
    method(
        "undoing a discount",
        "percent",
        0.3,
        "museum",
        asks=(
            "After {a} percent were taken off, the {thing} cost {b} crowns. What did they cost at first?",
            "The {who} paid {b} crowns for the {thing}, {a} percent less than on the label. What stood on the label?",
        ),
        steps="The {b} crowns are 100 - {a} percent, so divide by that and multiply by 100.",
        draw=between(a=(5, 60), b=(20, 400)),
        answer=lambda n: Fraction(100 * n["b"], 100 - n["a"]),
    ),
    method(
        "keeping the pure part",
        "percent",
        0.2,
        "mine",
        asks=(
            "Of {c} kilograms from the {place}, {a} percent are pure. "
            "How many kilograms of waste make it {b} percent when they have been added?",
            "The {who} thin {c} kilograms of {a} percent strength with nothing but ballast until {b} percent is "
            "measured. How much ballast does it take?",
        ),
        steps="The pure part {c} * {a}/100 stays; divide it by {b}/100 and subtract {c}.",
        draw=lambda chance: {
            "b": (b := chance.randint(10, 40)),
            "a": b + chance.randint(5, 40),
            "c": chance.randint(5, 60),
        },
        answer=lambda n: Fraction(n["c"] * n["a"], n["b"]) - n["c"],
    ),
    method(
        "percent of the rest",
        "percent",
        0.5,
        "school",
        asks=(
            "Of {c} {who}, {a} percent leave at noon, and {b} percent of those who remain leave at two. "
            "How many are there after that?",
            "There were {c} {thing}; {a} percent were given away, and later {b} percent of what remained. "
            "How many have not been given away?",
        ),
        steps="Keep 100 - {a} percent of {c}, then 100 - {b} percent of that.",
        draw=lambda chance: {
            "a": 10 * chance.randint(1, 8),
            "b": 10 * chance.randint(1, 8),
            "c": 100 * chance.randint(2, 15),
        },
        answer=lambda n: Fraction(n["c"] * (100 - n["a"]) * (100 - n["b"]), 10_000),
    ),
)

SHARES = (
    method(
        "ratio split",
        "shares",
        0.6,
        "bakery",
        asks=(
            "{c} {thing} are divided between two groups of {who} in the ratio {a} to {b}. "
            "How many does the first group get?",
            "For every {a} {thing} that go to the one side, {b} go to the other, and there are {c} altogether. "
            "What is the share of the one side?",
        ),
        steps="There are {a} + {b} equal parts of {c}; take {a} of them.",
        draw=lambda chance: {
            "a": (a := chance.randint(2, 9)),
            "b": (b := chance.randint(2, 9)),
            "c": (a + b) * chance.randint(5, 40),
        },
        answer=lambda n: Fraction(n["c"] * n["a"], n["a"] + n["b"]),
    ),
    method(
        "inverse proportion",
        "shares",
        0.5,
        "garden",
        asks=(
            "{a} {who} need {c} days for the {thing}. With {b} of them, how many days would it take?",
            "The stock of {thing} lasts {a} {who} for {c} days. If there were {b}, for how many days would it last?",
        ),
        steps="The product {a} * {c} stays the same; divide it by {b}.",
        draw=between(a=(3, 20), b=(4, 25), c=(3, 40)),
        answer=lambda n: Fraction(n["a"] * n["c"], n["b"]),
    ),
    method(
        "simple interest",
        "shares",
        0.55,
        "theatre",
        asks=(
            "The {place} lends {c} crowns for {b} years at {a} percent a year, without interest on interest. "
            "How many crowns of interest are due?",
            "For {b} years the {who} owe {c} crowns at {a} percent yearly, never compounded. What does the loan cost?",
        ),
        steps="Each year costs {c} * {a}/100; multiply by {b} years.",
        draw=between(a=(2, 12), b=(2, 9), c=(100, 900)),
        answer=lambda n: Fraction(n["a"] * n["b"] * n["c"], 100),
    ),
    method(
        "false assumption",
        "shares",
        0.3,
        "circus",
        asks=(
            "The {who} hold {a} {thing}, some worth two points and some worth four, {b} points in all. "
            "How many are worth four points?",
            "Among {a} {thing} of the {place} there are twos and fours only, together {b}. How many fours are there?",
        ),
        steps="If all {a} were twos they would make 2 * {a}; each four adds two more, so halve the rest of {b}.",
        draw=lambda chance: {"a": (a := chance.randint(12, 60)), "b": 2 * a + 2 * chance.randint(1, a - 1)},
        answer=lambda n: Fraction(n["b"] - 2 * n["a"], 2),
    ),
    method(
        "constant age difference",
        "shares",
        0.35,
        "island",
        asks=(
            "The eldest of the {who} is {a} years old, the youngest {b}. "
            "When one will be {c} times as old, how many years have gone by?",
            "Today the {place} has existed for {a} years and its rival for {b}. "
            "Until it has existed {c} times as long, how much time remains?",
        ),
        steps="The difference {a} - {b} stays; then the younger is that over {c} - 1, so subtract {b}.",
        draw=lambda chance: {
            "c": (c := chance.randint(2, 5)),
            "b": (b := chance.randint(2, 12)),
            "a": c * b + (c - 1) * chance.randint(1, 12),
        },
        answer=lambda n: Fraction(n["a"] - n["b"], n["c"] - 1) - n["b"],
    ),
)
