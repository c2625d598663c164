"""The six parts into which a harness can be taken apart, if it follows the convention.

A part counts if it is a top-level function with the parameters of the convention. A harness that lacks some parts is
valid; it is recorded as not separable.
"""

import ast
from collections.abc import Iterator

from meta_reward.harness.validate.report import Finding

SIGNATURES = {
    "view": ("trajectory",),
    "context": ("trajectory",),
    "checks": ("trajectory",),
    "rubric": (),
    "decide": ("judge", "case", "criteria"),
    "score": ("verdicts", "findings"),
}
"""The parts in the order of the convention, and the parameters of each; only `decide` is async."""

PARTS = tuple(SIGNATURES)
ASYNC = frozenset({"decide"})


def parts_of(tree: ast.Module) -> tuple[str, ...]:
    """The parts that a harness has, in the order of the convention."""
    functions = _functions(tree)
    return tuple(part for part in PARTS if part in functions and _keeps(functions[part]))


def notes_on_parts(tree: ast.Module) -> Iterator[Finding]:
    """A note for each function that has the name of a part but not its signature."""
    for name, function in _functions(tree).items():
        if name in PARTS and not _keeps(function):
            wanted = f"{'async ' if name in ASYNC else ''}def {name}({', '.join(SIGNATURES[name])})"
            hint = f"the convention is `{wanted}`; without it the harness cannot be taken apart"
            yield Finding("parts", f"`{name}` does not have the signature of that part", hint, function.lineno)


def takes(function: ast.FunctionDef | ast.AsyncFunctionDef, count: int) -> bool:
    """Whether a function can be called with that number of positional arguments and nothing else."""
    arguments = function.args
    given = len(arguments.posonlyargs) + len(arguments.args)
    fits = given - len(arguments.defaults) <= count and (given >= count or arguments.vararg is not None)
    return fits and all(default is not None for default in arguments.kw_defaults)


def _keeps(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    is_async = isinstance(function, ast.AsyncFunctionDef)
    return is_async == (function.name in ASYNC) and takes(function, len(SIGNATURES[function.name]))


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
