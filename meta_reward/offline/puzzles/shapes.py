"""Methods of geometry."""

from fractions import Fraction

from meta_reward.offline.puzzles.method import between, method

_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29))

SHAPES = (
    method(
        "right triangle",
        "shapes",
        0.55,
        "harbour",
        asks=(
            "The {who} go {a} metres east and then {b} metres north. How far is it back in a straight line?",
            "A rope runs from the top of a wall of {a} metres to a peg {b} metres from its foot. How long is the rope?",
        ),
        steps="Square {a} and {b}, add, and take the root.",
        draw=lambda chance: dict(
            zip("ab", (side * f for f in [chance.randint(1, 30)] for side in chance.choice(_TRIPLES)[:2]), strict=True)
        ),
        answer=lambda n: round((n["a"] ** 2 + n["b"] ** 2) ** 0.5),
    ),
    method(
        "similar triangles",
        "shapes",
        0.4,
        "orchard",
        asks=(
            "A pole of {a} metres throws a shadow of {b} metres, and the tower a shadow of {c}. How high is the tower?",
            "Seen past a stick of {a} centimetres held at {b}, the roof at {c} metres seems as high. "
            "What is the height of the roof in metres?",
        ),
        steps="Height to shadow is {a} to {b} for both, so multiply {c} by {a}/{b}.",
        draw=between(a=(2, 12), b=(3, 15), c=(16, 90)),
        answer=lambda n: Fraction(n["a"] * n["c"], n["b"]),
    ),
    method(
        "frame around a rectangle",
        "shapes",
        0.3,
        "library",
        asks=(
            "Around a lawn of {a} by {b} metres runs a path {c} metres wide. "
            "How many square metres has the path itself?",
            "A picture of {a} by {b} centimetres gets a border of {c} centimetres on all sides. "
            "What is the area of the border?",
        ),
        steps="Enlarge both sides by 2 * {c}, multiply, and take off {a} * {b}.",
        draw=between(a=(6, 40), b=(5, 30), c=(1, 6)),
        answer=lambda n: (n["a"] + 2 * n["c"]) * (n["b"] + 2 * n["c"]) - n["a"] * n["b"],
    ),
    method(
        "area scaling",
        "shapes",
        0.25,
        "printshop",
        asks=(
            "On a plan a stretch of {b} metres is {a} centimetres long, and the {place} covers {c} square centimetres. "
            "How many square metres does it cover in truth?",
            "A sheet whose side of {a} is enlarged to {b}, in the same shape, had an area of {c}. "
            "What area does the large sheet have?",
        ),
        steps="Lengths grow by {b}/{a}, areas by its square; multiply {c} by that.",
        draw=lambda chance: {
            "a": (a := chance.randint(2, 6)),
            "b": a * chance.randint(2, 9),
            "c": chance.randint(5, 60),
        },
        answer=lambda n: Fraction(n["c"] * n["b"] ** 2, n["a"] ** 2),
    ),
    method(
        "angle of the hands",
        "shapes",
        0.2,
        "harbour",
        asks=(
            "The clock of the {place} shows {b} minutes past {a}. How many degrees lie between its two hands, the way "
            "that does not pass the top?",
            "It is {b} minutes after {a} on the dial of the {who}. "
            "By what angle does the one pointer differ from the other?",
        ),
        steps="The short hand is at 30 * {a} + {b}/2 degrees, the long one at 6 * {b}; take the difference.",
        draw=between(a=(1, 11), b=(1, 59)),
        answer=lambda n: abs(30 * n["a"] + Fraction(n["b"], 2) - 6 * n["b"]),
    ),
)
