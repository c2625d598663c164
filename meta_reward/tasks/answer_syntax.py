"""Mathematical answers as trees. Operands in any order are sorted, so that equal answers have equal trees.

    sum       list of terms, sorted             -8\\sqrt{2} + 12    is  12 - 8\\sqrt{2}
    product   one coefficient, sorted factors   \\frac{3}{5}\\sqrt{10}    is  \\frac{3\\sqrt{10}}{5}
    number    a fraction in lowest terms        0.50    is  1/2
    list      sorted, as sets are; tuples, intervals and matrices keep their order

No arithmetic is done, except that one number over another is read as a fraction. `2+3` is not 5: otherwise, repeating
the problem could count as the answer. Input that is not understood raises ValueError.
"""

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

Tree = tuple[Any, ...]
"""A name, then its parts: trees, or a Fraction for the name `number`, or a text for `symbol`."""

_TOKEN = re.compile(
    r"\s+|(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<command>\\(?:[A-Za-z]+|[{}|]))|(?P<other>[A-Za-z+\-*/^_!=<>:,;()\[\]{}|&'])"
)
FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp gcd lcm min max det".split()
)
_RELATIONS = ("=", "<", ">", ":", "\\le", "\\ge", "\\ne", "\\in", "\\to", "\\approx", "\\mid")
_CLOSES = {"(": ")]", "[": ")]", "{": "}", "|": "|"}
_ENDS = frozenset(
    [*_RELATIONS, *"+-*/,;)]}&", "", "\\pm", "\\mp", "\\cup", "\\cap", "\\cr", "\\}", "\\end", "\\setminus"]
)
_MAX_DEPTH = 40
_ONE = Fraction(1)


def parse_answer(text: str) -> Tree:
    """The tree of an answer. Raises ValueError if the answer is not understood."""
    parser = _Parser(text)
    tree = parser.items("", "set")
    if parser.token:
        raise ValueError(f"cannot read {parser.token!r}")
    return tree


def render_tree(tree: Tree) -> str:
    """A tree as text: the same for equal trees, different for different trees."""
    head, *rest = tree
    if head in ("number", "symbol"):
        return str(rest[0])
    return f"{head}({' '.join(render_tree(item) if isinstance(item, tuple) else str(item) for item in rest)})"


class _Parser:
    """Reads tokens from left to right; each method takes one construct."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        end = 0
        for found in _TOKEN.finditer(text):
            if found.start() != end:
                break
            end = found.end()
            if not found[0].isspace():
                self._tokens.append(found[0])
        if end != len(text):
            raise ValueError(f"cannot read {text[end]!r}")
        self._at, self._depth, self._bars = 0, 0, 0

    @property
    def token(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token, if it is one of these; else ""."""
        token = self.token
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def expect(self, *wanted: str) -> str:
        taken = self.take(*wanted)
        if not taken:
            raise ValueError(f"{self.token!r} is not {' or '.join(wanted)}")
        return taken

    def items(self, opened: str, name: str) -> Tree:
        """Relations separated by commas. Several form a tree named `name`, such as a set; after `[`, so does one."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        found = [self.relation()]
        while self.take(",", ";"):
            found.append(self.relation())
        self._depth -= 1
        if len(found) == 1 and opened != "[":
            return found[0]
        return (name, *(_sorted(found) if name == "set" else found))

    def relation(self) -> Tree:
        tree = self.union()
        while operator := self.take(*_RELATIONS):
            sides = [tree, self.union()]
            tree = (operator, *(_sorted(sides) if operator == "=" else sides))
        return tree

    def union(self) -> Tree:
        parts = [self.sum()]
        while operator := self.take("\\cup", "\\cap", "\\setminus"):
            parts.append(self.sum() if operator == "\\cup" else ("after", operator, self.sum()))
        return parts[0] if len(parts) == 1 else ("union", *_sorted(parts))

    def sum(self) -> Tree:
        sign = self.take("+", "-", "\\pm", "\\mp")
        terms = [_signed(sign, self.product())]
        while sign := self.take("+", "-", "\\pm", "\\mp"):
            terms.append(_signed(sign, self.product()))
        flat = [part for term in terms for part in (term[1:] if term[0] == "sum" else (term,))]
        return terms[0] if len(terms) == 1 else ("sum", *_sorted(flat))

    def product(self) -> Tree:
        over, under = [self.power()], list[Tree]()
        while True:
            if operator := self.take("*", "/"):
                (over if operator == "*" else under).append(self.power())
            elif self.token in _ENDS or (self.token == "|" and self._bars):
                return _product(over, under)
            else:
                is_mixed = self.token == "\\frac" and over[-1][0] == "number" and not under
                if self.token[0].isdigit() and over[-1][0] == "number":
                    raise ValueError("two numbers side by side")
                factor = self.power()
                over.append(factor)
                if is_mixed and factor[0] == "number":
                    over[-2:] = [("number", over[-2][1] + factor[1])]

    def power(self) -> Tree:
        if sign := self.take("-", "+"):  # as in 2 * -3
            return _signed(sign, self.power())
        tree = self.atom()
        while mark := self.take("^", "_", "!", "'"):
            tree = (mark, tree, self.argument()) if mark in "^_" else (mark, tree)
        return tree

    def argument(self, *, one_digit: bool = False) -> Tree:
        """The argument of a command, ^ or _: braces, or one item. one_digit: only one digit of a number, like LaTeX."""
        if sign := self.take("-"):
            return _signed(sign, self.argument())
        if one_digit and self.token.isdigit() and len(self.token) > 1:
            self._tokens[self._at : self._at + 1] = [self.token[0], self.token[1:]]
        return self.atom()

    def atom(self) -> Tree:
        token, self._at = self.token, self._at + 1
        if token.startswith("\\") and token[1:].isalpha():
            return self.command(token[1:])
        if token[:1].isdigit() or token[:1] == ".":
            return ("number", Fraction(token.rstrip(".")))
        if token.isalpha():
            return ("symbol", token)
        if token == "{":
            tree = self.items("{", "set")
            self.expect("}")
            return tree
        if token == "\\{":
            tree = self.items("(", "set")
            self.expect("\\}")
            return tree
        if token in ("(", "["):
            return self.bracket(token)
        if token in ("|", "\\|"):
            self._bars += 1
            tree = self.sum()
            self._bars -= 1
            self.expect(token)
            return ("abs", tree)
        raise ValueError(f"cannot read {token!r}")

    def bracket(self, opened: str) -> Tree:
        bars, self._bars = self._bars, 0
        tree = self.items(opened, "tuple")
        self._bars = bars
        closed = self.expect(*_CLOSES[opened])
        if tree[0] == "tuple" and len(tree) > 1:
            return ("tuple", opened + closed, *tree[1:]) if not isinstance(tree[1], str) else tree
        return tree

    def command(self, name: str) -> Tree:
        if name in FUNCTIONS:
            return self.function(name)
        made: dict[str, Callable[[], Tree]] = {
            "frac": lambda: _product([self.argument(one_digit=True)], [self.argument(one_digit=True)]),
            "sqrt": self.root,
            "binom": lambda: ("binom", self.argument(one_digit=True), self.argument(one_digit=True)),
            "begin": self.matrix,
        }
        if name in ("overline", "bar", "hat", "vec"):
            return (name, self.argument())
        return made.get(name, lambda: ("symbol", name))()

    def root(self) -> Tree:
        degree = self.bracket("[") if self.take("[") else None
        return ("sqrt", self.argument(one_digit=True), *([degree] if degree else []))

    def function(self, name: str) -> Tree:
        """A function with its power or base, as in \\sin^2; its argument is in brackets, or goes up to a sign."""
        marks: list[Tree] = []
        while mark := self.take("^", "_"):
            marks.append((mark, self.argument()))
        if self.token in ("(", "["):
            return (name, *_sorted(marks), self.atom())
        factors = [self.power()]
        while self.token not in _ENDS and self.token != "|" and self.token[1:] not in FUNCTIONS:
            factors.append(self.power())
        return (name, *_sorted(marks), _product(factors, []))

    def matrix(self) -> Tree:
        self.environment()
        rows, row = list[Tree](), [self.sum()]
        while separator := self.take("&", "\\cr"):
            if separator == "\\cr":
                rows.append(("row", *row))
                row = []
                if self.token == "\\end":
                    break
            row.append(self.sum())
        if row:
            rows.append(("row", *row))
        self.expect("\\end")
        self.environment()
        return ("matrix", *rows)

    def environment(self) -> None:
        """The name of an environment: pmatrix, bmatrix and the like are all the same."""
        self.expect("{")
        while self.token.isalpha():
            self._at += 1
        self.expect("}")


def _sorted(trees: Iterable[Tree]) -> list[Tree]:
    return sorted(trees, key=render_tree)


def _signed(sign: str, tree: Tree) -> Tree:
    if sign == "-":
        return _product([("number", Fraction(-1)), tree], [])
    return (sign, tree) if sign not in ("", "+") else tree


def _product(over: list[Tree], under: list[Tree]) -> Tree:
    """A sorted product: its coefficient, unless it has several numbers above or below, then its factors."""
    sides: tuple[list[Tree], list[Tree]] = ([], [])
    _flatten(over, *sides)
    _flatten(under, *reversed(sides))
    values = [[tree[1] for tree in side if tree[0] == "number"] for side in sides]
    sign = -1 if sum(value < 0 for side in values for value in side) % 2 else 1
    above, below = ([abs(value) for value in side if abs(value) != 1] for side in values)
    rest = [[tree for tree in side if tree[0] != "number"] for side in sides]
    if len(above) > 1 or len(below) > 1 or (below and not _is_plain(below[0], *above)):
        rest = [[*rest[i], *(("number", value) for value in (above, below)[i])] for i in (0, 1)]
        above, below = [], []
    coefficient = sign * Fraction(*(side[0] if side else 1 for side in (above, below)))
    if not any(rest):
        return ("number", coefficient)
    if coefficient == 1 and len(rest[0]) == 1 and not rest[1]:
        return rest[0][0]
    return ("product", coefficient, *_sorted(rest[0]), *(("over", tree) for tree in _sorted(rest[1])))


def _is_plain(below: Fraction, above: Fraction = _ONE) -> bool:
    """Whether one number over another is an ordinary fraction: whole numbers, and not over 0."""
    return below != 0 and above.denominator == below.denominator == 1


def _flatten(trees: Iterable[Tree], above: list[Tree], below: list[Tree]) -> None:
    """Add factors to `above` and `below`; nested products are taken apart."""
    for tree in trees:
        if tree[0] != "product":
            above.append(tree)
            continue
        above.append(("number", tree[1]))
        above += [part for part in tree[2:] if part[0] != "over"]
        below += [part[1] for part in tree[2:] if part[0] == "over"]
