"""Checks whether a harness makes a digest of a text that it reads, which could be the key of a table of answers.

`hash()` of a text is such a digest, and so is the first number of a `random` that is seeded with it. A harness that
samples needs neither: each trajectory begins with the same seed, and another seed can be written as a number.
"""

import ast
from collections.abc import Iterator

from meta_reward.harness.validate.folding import Folding
from meta_reward.harness.validate.report import Finding
from meta_reward.harness.validate.source import nodes_of

_SEEDING = frozenset(("Random", "seed", "setstate"))
_SEEDED = "seeds random with something other than a literal number, which makes a digest of it"
_HINT = "seed it with a literal number, such as random.Random(7), or not at all: its seed is the same every time"
_HASHED = "makes a number of a text with __hash__"
_RULE = "state a rule: such a number is only good for looking up answers"


def digests(tree: ast.Module) -> Iterator[Finding]:
    """A finding for each place where `random` is seeded with anything but a literal number, or a text is hashed."""
    nodes = nodes_of(tree)
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == "__hash__":
            yield Finding("digests", _HASHED, _RULE, node.lineno)
    if _imports_random(nodes):
        own = set(_names_of_seeding(nodes))
        fine = {*_seeded_with_numbers(tree, nodes), *_annotations(nodes)}
        for node in nodes:
            if isinstance(node, ast.expr) and _seeds(node, own) and id(node) not in fine:
                yield Finding("digests", _SEEDED, _HINT, node.lineno)


def _imports_random(nodes: list[ast.AST]) -> bool:
    return any(
        (isinstance(node, ast.ImportFrom) and node.module == "random")
        or (isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names))
        for node in nodes
    )


def _names_of_seeding(nodes: list[ast.AST]) -> Iterator[str]:
    """The names that `from random import ...` gives to functions that seed."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            yield from (alias.asname or alias.name for alias in node.names if alias.name in _SEEDING)


def _seeds(node: ast.expr, own: set[str]) -> bool:
    """Whether an expression is something that seeds, whether it is called, passed on, inherited from or renamed."""
    match node:
        case ast.Name(id=name):
            return name in own
        case ast.Attribute(attr=name):
            return name in _SEEDING
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=name), *_]):
            return name in _SEEDING
    return False


def _seeded_with_numbers(tree: ast.Module, nodes: list[ast.AST]) -> Iterator[int]:
    """The functions of calls whose arguments are literal numbers, or names of such."""
    folding = Folding(tree)
    for node in nodes:
        if isinstance(node, ast.Call):
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            if all(isinstance(folding.value(_unsigned(argument)), int | float) for argument in arguments):
                yield id(node.func)


def _unsigned(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node


def _annotations(nodes: list[ast.AST]) -> Iterator[int]:
    for node in nodes:
        for name in ("annotation", "returns"):
            if annotation := getattr(node, name, None):
                yield from (id(part) for part in ast.walk(annotation))
