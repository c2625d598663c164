"""Replaces one of the six parts of a harness by another harness's, with everything that the part needs.

Runs in a child of the inspector, like everything that parses programs. The other's part, its helpers, constants and
imports are put into a new function, which returns the part. So names of the two harnesses cannot clash.

    def _view_of_the_other():
        import re
        def view(trajectory): ...
        return view

    view = _view_of_the_other()
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from meta_reward.harness.validate import source as reading
from meta_reward.harness.validate.parts import PARTS, SIGNATURES, parts_of

_ENTRIES = {*PARTS, "reward"}
_FUTURE = "__future__"


def put_back(text: str, other: str, part: str) -> Mapping[str, Any]:
    """Harness `text` with a part of the other: `source`; or `same`, if it has that part; or `reason`, why it has none.

    Raises SyntaxError for a text that does not parse.
    """
    base, donor = reading.parse(text), reading.parse(other)
    for tree, whose in ((base, "it"), (donor, "the baseline")):
        if part not in parts_of(tree):
            return {"reason": f"{whose} has no function {part}({', '.join(SIGNATURES[part])}) at the top level"}
    if _meaning(base, part) == _meaning(donor, part):
        return {"same": True}
    if any(isinstance(node, ast.Global) for node in ast.walk(donor)):
        return {"reason": "the baseline assigns to global names"}
    return {"source": _render(base, donor, part)}


def _render(base: ast.Module, donor: ast.Module, part: str) -> str:
    """The text of the mixed harness."""
    taken = {name for node in ast.walk(base) for name in [*_bound(node), getattr(node, "id", "")]}
    name = f"_{part}_of_the_other"
    while name in taken:
        name = f"_{name}"
    others = _ENTRIES - {part}
    needed = [node for node in _without_doc(donor) if not _is_future(node) and not others & set(_bound(node))]
    maker = reading.parse(f"def {name}():\n    return {part}\n\n{part} = {name}()").body
    assert isinstance(maker[0], ast.FunctionDef)
    maker[0].body[:0] = needed
    body: list[ast.stmt] = []
    for node in _without_doc(base):
        body += maker if part in _bound(node) else [node]
    future = [node for node in (*base.body, *donor.body) if _is_future(node)]
    body = [*future[:1], *(node for node in body if not _is_future(node))]
    doc = ast.Expr(ast.Constant(f"Put back to the baseline's: {part}."))
    return ast.unparse(ast.fix_missing_locations(ast.Module([doc, *body], [])))


def _meaning(tree: ast.Module, part: str) -> list[str]:
    """A part and everything that it may use except the other parts, without docstrings: equal for equal code."""
    nodes = [single for node in _without_doc(tree) for single in _one_by_one(node)]
    waiting = [node for node in nodes if part in _bound(node) or not list(_bound(node))]
    found: dict[int, ast.stmt] = {}
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} - _ENTRIES
            waiting += [other for other in nodes if used & set(_bound(other))]
    return sorted({_code(node) for node in found.values()})


def _one_by_one(node: ast.stmt) -> list[ast.stmt]:
    """An import of several names as several imports; any other statement as it is."""
    match node:
        case ast.Import(names=names):
            return [ast.Import([alias]) for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            return [ast.ImportFrom(module, [alias], level) for alias in names]
    return [node]


def _code(node: ast.stmt) -> str:
    copy = reading.parse(ast.unparse(node))
    for inner in ast.walk(copy):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(inner):
            inner.body = inner.body[1:] or [ast.Pass()]
    return ast.dump(copy)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = [name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            yield from (name.id for name in inner if isinstance(name.ctx, ast.Store))


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == _FUTURE


def _without_doc(tree: ast.Module) -> list[ast.stmt]:
    return tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
