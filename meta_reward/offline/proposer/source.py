"""Harness sources, taken apart and put together again.

A harness is treated as the definitions of its parts, each with the helpers, constants and imports that it
uses, so that a part can move to another file with just what it needs. Works on text alone: nothing is
imported or executed, and comments and formatting of definitions are kept.
"""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from meta_reward.harness.validate import INTERFACE, PARTS, SIGNATURES

REWARD = "reward"
WIDTH = 120

_PARAMETERS = {**{part: len(taken) for part, taken in SIGNATURES.items()}, REWARD: 2}


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file by its top-level names.

    imports: bound name to (module, imported name), the latter empty for the module itself.
    definitions: name to source text, with the comment above it.
    """

    doc: str
    imports: Mapping[str, tuple[str, str]]
    definitions: Mapping[str, str]


def parse_source(text: str) -> Source:
    """A parsed file. Raises SyntaxError, and ValueError for a top-level statement that does not define one name."""
    tree, lines = ast.parse(text), text.splitlines()
    imports: dict[str, tuple[str, str]] = {}
    definitions: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            imports.update((alias.asname or alias.name, (alias.name, "")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.update((alias.asname or alias.name, (node.module or "", alias.name)) for alias in node.names)
        elif name := _name_of(node):
            definitions[name] = _text_of(node, lines)
        elif not isinstance(node, ast.Expr):
            raise ValueError(f"line {node.lineno}: a top-level statement that defines no one name")
    return Source(ast.get_docstring(tree) or "", imports, definitions)


def has_parts(source: Source) -> bool:
    """Whether a harness follows the six-part convention, so that its parts can be exchanged."""
    return all(_parameters(source.definitions.get(name, "")) == count for name, count in _PARAMETERS.items())


def closure(source: Source, name: str) -> dict[str, str]:
    """The definition of `name` and all that it uses except other parts, in reading order."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        if current not in found:
            found[current] = source.definitions[current]
            waiting = [
                used for used in _names_in(found[current]) if used in source.definitions and used not in PARTS
            ] + waiting
    return found


def fingerprint(source: Source, part: str) -> str:
    """What a part does, independent of comments, docstrings and layout: equal for equal code."""
    code = sorted(_code_of(text) for text in closure(source, part).values())
    return hashlib.sha256("\n".join(code).encode()).hexdigest()


def with_parts(base: Source, donors: Mapping[str, Source], *, doc: str) -> str:
    """The text of harness `base` with some parts, and what they use, taken from others.

    In this order: constants and classes, the six parts, `reward`, then helpers as they are first used.
    Raises ValueError where two sources define a helper of the same name in different ways.
    """
    definitions: dict[str, str] = {}
    imports: dict[str, tuple[str, str]] = {}
    for name in (*PARTS, REWARD):
        source = donors.get(name, base)
        for used, text in closure(source, name).items():
            if definitions.setdefault(used, text) != text:
                raise ValueError(f"two different definitions of {used!r}")
            imports |= {key: source.imports[key] for key in _names_in(text) if key in source.imports}
    functions = [name for name in definitions if _parameters(definitions[name]) is not None]
    constants = _in_order_of_need({name: text for name, text in definitions.items() if name not in functions})
    helpers = [name for name in functions if name not in (*PARTS, REWARD)]
    blocks = [*constants, *(definitions[name] for name in (*PARTS, REWARD, *helpers))]
    return f'"""{doc}"""\n\n{_render_imports(imports)}\n' + _spaced(blocks)


def _name_of(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _text_of(node: ast.stmt, lines: list[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return "\n".join(lines[first - 1 : node.end_lineno])


@cache
def _code_of(text: str) -> str:
    """A definition without comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def _names_in(text: str) -> tuple[str, ...]:
    """The names a definition uses, in reading order."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(node.id for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset))))


def _parameters(text: str) -> int | None:
    """How many positional parameters a function takes; None for anything else."""
    body = ast.parse(text).body
    function = body[0] if body else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return len(function.args.posonlyargs) + len(function.args.args)


def _in_order_of_need(definitions: Mapping[str, str]) -> list[str]:
    """Constants and classes, each after those it is made from."""
    placed: dict[str, str] = {}

    def place(name: str) -> None:
        for used in _names_in(definitions[name]):
            if used in definitions and used != name and used not in placed:
                place(used)
        placed.setdefault(name, definitions[name])

    for name in sorted(definitions, key=lambda name: definitions[name].startswith(("class", "@"))):
        place(name)
    return list(placed.values())


def _spaced(blocks: Iterable[str]) -> str:
    """Blocks, separated by blank lines as PEP 8 asks."""
    out, before = "", "constant"
    for text in blocks:
        kind = "constant" if _name_kind(text) == "constant" else "block"
        gap = "\n\n" if "block" in (kind, before) else "" if out else "\n"
        out += f"{gap}{text}\n"
        before = kind
    return out


def _name_kind(text: str) -> str:
    return "constant" if isinstance(ast.parse(text).body[0], ast.Assign | ast.AnnAssign) else "block"


def _render_imports(imports: Mapping[str, tuple[str, str]]) -> str:
    """Import statements, sorted as ruff sorts them, the harness interface in a block of its own."""
    modules = sorted(_renamed(module, bound) for bound, (module, name) in imports.items() if not name)
    members: dict[str, list[str]] = {}
    for bound, (module, name) in imports.items():
        if name:
            members.setdefault(module, []).append(_renamed(name, bound))
    statements = [f"import {module}" for module in modules]
    own = [_from(module, members[module]) for module in sorted(members) if module.startswith(INTERFACE)]
    statements += [_from(module, members[module]) for module in sorted(members) if not module.startswith(INTERFACE)]
    return "\n".join([*statements, "", *own] if statements else own)


def _renamed(name: str, bound: str) -> str:
    return name if name == bound else f"{name} as {bound}"


def _from(module: str, names: list[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
