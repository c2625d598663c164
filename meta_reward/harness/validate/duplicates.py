"""A fingerprint that two programs share if they differ only in formatting, comments, docstrings and local names.

It is a digest of `ast.dump`, after two simplifications: docstrings that nothing can read are dropped, and names
that are local to a function are numbered in order. A name keeps its spelling if anything else uses it: another
scope, a keyword of a call, or the judge, who sees the name, docstring and parameters of a tool.
"""

import ast
import builtins
import hashlib
from collections.abc import Iterable, Iterator

from meta_reward.harness.validate.parts import PARTS
from meta_reward.harness.validate.source import nodes_of

_CALLED_BY_CONVENTION = {*PARTS, "reward"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NAME_FIELDS: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}
"""Where a node holds a name that its function may bind."""


def fingerprint_of(tree: ast.Module, source: str) -> str:
    """The fingerprint of a harness. Changes its tree."""
    if "__doc__" not in source:
        _drop_docstrings(tree)
    kept = set(_kept_names(tree))
    for function in [node for node in _outside_functions(tree) if isinstance(node, Function)]:
        _number_local_names(function, kept)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _drop_docstrings(tree: ast.Module) -> None:
    """Remove the docstrings that nothing can read."""
    tools = _possible_tools(tree)
    for node in nodes_of(tree):
        is_unread = isinstance(node, ast.Module) or (isinstance(node, Function) and node.name not in tools)
        if is_unread and ast.get_docstring(node, clean=False) is not None:  # type: ignore[arg-type]
            del node.body[0]  # type: ignore[attr-defined]


def _possible_tools(tree: ast.Module) -> set[str]:
    """The names of functions that are used other than by being called: one may be a tool of the judge."""
    nodes = nodes_of(tree)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    used = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called
    }
    functions = {node.name for node in nodes if isinstance(node, Function)}
    return functions & used - _CALLED_BY_CONVENTION


def _kept_names(tree: ast.Module) -> Iterator[str]:
    """Names that no function may number: what other scopes, callers or the judge use."""
    yield from dir(builtins)
    tools = _possible_tools(tree)
    yield from tools
    yield from _bound(_outside_functions(tree))
    for node in nodes_of(tree):
        match node:
            case ast.FunctionDef(name=name, args=parameters) | ast.AsyncFunctionDef(name=name, args=parameters):
                yield from _bound(ast.walk(parameters)) if name in tools else ()
            case ast.ClassDef(name=name):
                yield name
                yield from _bound(_outside_functions(node))
            case ast.Call(keywords=keywords):
                yield from (keyword.arg for keyword in keywords if keyword.arg)
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.Global(names=names):
                yield from names


def _outside_functions(scope: ast.Module | ast.ClassDef) -> Iterator[ast.AST]:
    """The nodes of a module or a class, with the functions defined there but without their bodies."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that nodes bind."""
    for node in nodes:
        name = getattr(node, _NAME_FIELDS.get(type(node), ""), None)
        if name and not isinstance(getattr(node, "ctx", None), ast.Load):
            yield name


def _number_local_names(function: Function, kept: set[str]) -> None:
    """Replace each name that is bound within a function or method by its number, in the order of the tree."""
    nodes = list(ast.walk(function))
    names = dict.fromkeys(name for name in _bound(nodes) if name not in kept)
    numbers = {name: f"local {number}" for number, name in enumerate(names)}
    for node in nodes:
        if isinstance(node, ast.Nonlocal):
            node.names = [numbers.get(name, name) for name in node.names]
        elif field := _NAME_FIELDS.get(type(node)):
            name = getattr(node, field)
            setattr(node, field, numbers.get(name, name))
