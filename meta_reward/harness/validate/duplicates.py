"""A fingerprint that two programs share where they differ in nothing that matters.

Formatting, comments, docstrings that nobody reads, and the names of what is local to a function (its
parameters, variables and inner functions) do not matter. Names at the top level do: they are the
parts. A function that is handed on rather than called may be a tool, whose name, docstring and
parameters the judge reads; it counts as it stands.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from meta_reward.harness.validate.parts import PARTS
from meta_reward.harness.validate.source import nodes_of

_CALLED_BY_CONVENTION = {*PARTS, "reward"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def fingerprint_of(tree: ast.Module, source: str) -> str:
    """The fingerprint of a harness. Changes its tree."""
    if "__doc__" not in source:
        _drop_docstrings(tree)
    renaming = _Renaming(tree)
    tree.body = [renaming.top_level(statement) for statement in tree.body]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _drop_docstrings(tree: ast.Module) -> None:
    """Take out the docstrings that nothing can read."""
    tools = possible_tools(tree)
    for node in nodes_of(tree):
        is_quiet = isinstance(node, ast.Module) or (isinstance(node, Function) and node.name not in tools)
        if is_quiet and ast.get_docstring(node, clean=False) is not None:  # type: ignore[arg-type]
            del node.body[0]  # type: ignore[attr-defined]


def possible_tools(tree: ast.Module) -> set[str]:
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


@dataclass(slots=True)
class _Scope:
    """What is local to a function: its names, and what each becomes. A class's own names stay as they are."""

    names: dict[str, str | None] = field(default_factory=dict)
    is_class: bool = False


class _Renaming(ast.NodeTransformer):
    """Gives every local name of a top-level statement a number, in the order in which they are met."""

    def __init__(self, tree: ast.Module) -> None:
        self._scopes: list[_Scope] = []
        self._count = 0
        self._tools = possible_tools(tree)
        functions = {node.name: node for node in tree.body if isinstance(node, Function)}
        self._parameters = {name: _named(node) for name, node in functions.items() if name not in self._tools}
        self._keywords = _keywords_elsewhere(tree, self._parameters)

    def top_level(self, statement: ast.stmt) -> ast.stmt:
        """A statement of the module with its local names renamed."""
        self._count = 0
        renamed: ast.stmt = self.visit(statement)
        return renamed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: Function) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.returns = self.visit(node.returns) if node.returns else None
        kept = self._keywords if self._scopes else set()
        if node.name in self._tools:
            kept = set(_arguments_bound(node.args))
        node.name = self._name(node.name)
        self._visit_defaults(node.args)
        bound = [*_arguments_bound(node.args), *_bound(node.body)]
        self._open(bound, keep=kept, numbered=_named(node))
        self._rename_arguments(node.args)
        node.body = [self.visit(statement) for statement in node.body]
        self._scopes.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._visit_defaults(node.args)
        self._open([*_arguments_bound(node.args), *_bound([node.body])], keep=self._keywords)
        self._rename_arguments(node.args)
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.bases = [self.visit(base) for base in node.bases]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        node.name = self._name(node.name)
        self._scopes.append(_Scope(dict.fromkeys(_bound(node.body)), is_class=True))
        node.body = [self.visit(statement) for statement in node.body]
        self._scopes.pop()
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node)

    def _comprehension(self, node: Comprehension) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)  # evaluated outside
        self._open([name for generator in node.generators for name in _bound([generator.target])])
        for number, generator in enumerate(node.generators):
            generator.target = self.visit(generator.target)
            generator.iter = self.visit(generator.iter) if number else generator.iter
            generator.ifs = [self.visit(condition) for condition in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.visit(node.key), self.visit(node.value)
        else:
            node.elt = self.visit(node.elt)
        self._scopes.pop()
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and not self._is_local(node.func.id):
            numbered = self._parameters.get(node.func.id, {})
            for keyword in node.keywords:
                keyword.arg = numbered.get(keyword.arg or "", keyword.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        node.rest = self._name(node.rest) if node.rest else None
        return self.generic_visit(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._name(name) for name in node.names]
        return node

    def _open(
        self, bound: Sequence[str], *, keep: Collection[str] = (), numbered: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Enter a function. keep: its names that stay; numbered: what the parameters of one at the top level become."""
        known = {} if self._scopes else numbered
        kept = {*keep, *self._tools}
        self._scopes.append(_Scope({name: name if name in kept else known.get(name) for name in bound}))

    def _rename_arguments(self, arguments: ast.arguments) -> None:
        for arg in _arguments(arguments):
            arg.arg = self._name(arg.arg)
            arg.annotation = self.visit(arg.annotation) if arg.annotation else None

    def _visit_defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [self.visit(default) if default else None for default in arguments.kw_defaults]

    def _is_local(self, name: str) -> bool:
        return any(name in scope.names for scope in self._scopes)

    def _name(self, name: str) -> str:
        """What a name becomes: a number where it is local to a function, itself elsewhere."""
        for depth, scope in enumerate(reversed(self._scopes)):
            if name in scope.names and (depth == 0 or not scope.is_class):
                if scope.is_class:
                    return name
                if scope.names[name] is None:
                    self._count += 1
                    scope.names[name] = f"local {self._count}"
                return scope.names[name] or name
        return name


def _named(function: Function) -> dict[str, str]:
    """What the parameters of a top-level function become, so that calls by keyword can follow."""
    return {arg.arg: f"parameter {number}" for number, arg in enumerate(_arguments(function.args))}


def _keywords_elsewhere(tree: ast.Module, known: Collection[str]) -> set[str]:
    """The keywords of calls to anything but the known functions: parameters of that name keep it."""
    calls = [node for node in nodes_of(tree) if isinstance(node, ast.Call)]
    unknown = [call for call in calls if not (isinstance(call.func, ast.Name) and call.func.id in known)]
    return {keyword.arg for call in unknown for keyword in call.keywords if keyword.arg}


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    extra = [arg for arg in (arguments.vararg, arguments.kwarg) if arg is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _arguments_bound(arguments: ast.arguments) -> list[str]:
    return [arg.arg for arg in _arguments(arguments)]


def _bound(nodes: Sequence[ast.AST]) -> list[str]:
    """The names that statements or targets bind in their own scope; imported and global names are no one's own."""
    found, shared = list[str](), set[str]()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop(0)
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                found.append(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.append(node.name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.append(name)
            case ast.MatchMapping(rest=str(name)):
                found.append(name)
            case ast.Global() | ast.Nonlocal():
                shared |= set(node.names)
        waiting = [*_inside(node), *waiting]
    return [name for name in found if name not in shared]


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The children of a node that lie in the same scope."""
    if isinstance(node, Function | ast.ClassDef | ast.Lambda):
        return
    if isinstance(node, Comprehension):  # only a walrus binds outside
        walruses = [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
        yield from (walrus.target for walrus in walruses)
        return
    yield from ast.iter_child_nodes(node)
