"""Static checks of a harness: size, syntax, interface, imports, and characters that hide something.

They only read text and run nothing. They help an honest author; the sandbox decides what a harness can do.
"""

import ast
import json
import sys
import warnings
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from meta_reward.files import printable
from meta_reward.harness.entries import ENTRIES
from meta_reward.harness.validate.parts import takes
from meta_reward.harness.validate.report import Finding

MAX_BYTES = 64 * 1024
MAX_DEPTH = 150
INTERFACE = "meta_reward.harness"
AUDIT = f"{INTERFACE}.audit"

# Modules that turn a transcript into the key of a table, or a table into text. INTERFACE.md names them.
UNPACKING = """
    base64 binascii bz2 codecs crypt email encodings gzip hashlib hmac lzma marshal pickle plistlib quopri uu
    zipfile zlib"""

# The ones with names that mean nothing else.
_TELLING = set(UNPACKING.split()) - {"crypt", "email", "encodings", "uu"}

# Standard library that is useless in the sandbox, by the reason. So are private modules (`_socket`).
_SENSELESS = {
    "there are no files to work with": """
        dbm filecmp fileinput glob linecache mailbox mmap netrc ntpath nturl2path os pathlib posix posixpath shelve
        shutil sqlite3 tarfile tempfile""",
    "it cannot start or control processes": "concurrent multiprocessing pipes pty resource signal subprocess",
    "there are no threads; use asyncio.gather": "queue sched threading",
    "there is no network; the judge is the only one to ask": """
        asynchat asyncore cgi cgitb ftplib http imaplib nntplib poplib select selectors smtpd smtplib socket
        socketserver ssl telnetlib urllib webbrowser wsgiref xmlrpc""",
    "there is no terminal and no log": """
        argparse bdb cProfile cmd curses doctest faulthandler getopt getpass grp idlelib logging nis optparse pdb
        profile pstats pwd pydoc pydoc_data readline rlcompleter spwd syslog termios timeit tkinter trace tracemalloc
        tty turtle turtledemo unittest""",
    "machine code and memory are out of bounds": "ctypes fcntl gc",
    "code must be readable as it stands": """
        antigravity atexit builtins code codeop compileall copyreg distutils ensurepip imp importlib inspect lib2to3
        modulefinder pickletools pkgutil py_compile runpy site sitecustomize this usercustomize venv
        zipapp zipimport""",
    "nothing may differ from one scoring to the next": "secrets uuid",
    "a rule is stated in words and code: there is nothing to digest, pack or unpack": UNPACKING,
}
_REASONS = {module: reason for reason, modules in _SENSELESS.items() for module in modules.split()}
# Built-in functions of the same kind, unless the harness defines something of that name.
_SENSELESS_CALLS = {
    "__import__": "write an import statement",
    "breakpoint": "there is no terminal",
    "compile": "code must be readable as it stands",
    "eval": "code must be readable as it stands; ast.literal_eval and json.loads read data",
    "hash": "a number made of a text is only good for looking up answers",
    "exec": "code must be readable as it stands",
    "input": "there is no terminal",
    "open": "there are no files to work with",
}


def parse(source: str) -> ast.Module:
    """The syntax tree. Raises SyntaxError for a source that does not parse or is nested too deeply; MemoryError if
    it is nested so deeply that Python's parser gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
            source.encode()
        except (RecursionError, ValueError) as error:
            raise SyntaxError(f"cannot be parsed: {error}") from None
    if _is_deep(tree):
        raise SyntaxError(f"cannot be parsed: nested more than {MAX_DEPTH} levels deep")
    return tree


def literal_of(node: ast.expr | None) -> Any:
    """The value of a literal that JSON can hold; None for any other expression."""
    try:
        value = ast.literal_eval(node) if node is not None else None
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError):
        return None
    return value


@lru_cache(maxsize=1)
def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree. Walking it is most of the cost of reading a harness, so it is done once."""
    return list(ast.walk(tree))


def _is_deep(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def size(source: str) -> Iterator[Finding]:
    """A finding if the source is too large."""
    if len(source.encode(errors="replace")) > MAX_BYTES:
        yield Finding("size", f"is larger than {MAX_BYTES // 1024} KB", "shorten it")


def interface(tree: ast.Module, required: Collection[str], optional: Collection[str] = ()) -> Iterator[Finding]:
    """Findings on functions that are missing or have a wrong signature. required, optional: names from `ENTRIES`."""
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    for name in (*required, *optional):
        entry = ENTRIES[name]
        wanted = f"define `{entry.signature}` at the top level"
        if name in functions:
            function, count = functions[name], len(entry.parameters)
            if isinstance(function, ast.FunctionDef):
                yield Finding("interface", f"`{name}` is not async", wanted, function.lineno)
            if not takes(function, count):
                number = ("no", "one", "two", "three", "four")[count]
                yield Finding("interface", f"`{name}` does not take {number} arguments", wanted, function.lineno)
        elif name in required:
            yield Finding("interface", f"has no function `{name}`", wanted)


def functions_of(tree: ast.Module) -> set[str]:
    """The names of the async functions at the top level."""
    return {node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}


def imports(tree: ast.Module, packages: Collection[str] = ()) -> Iterator[Finding]:
    """Findings on imports and built-in calls that do not work in the sandbox. packages: those that the run allows."""
    for line, name in (*_imported(tree), *_borrowed(tree)):
        reason = _reason_against(name, packages)
        if reason:
            yield Finding("imports", f"imports {name!r}, which a harness cannot use", reason, line)
    own = {name for node in nodes_of(tree) for name in _names_given(node)}
    for node in nodes_of(tree):
        if isinstance(node, ast.Name) and node.id in _SENSELESS_CALLS and node.id not in own:
            reason = _SENSELESS_CALLS[node.id]
            yield Finding("imports", f"calls {node.id}(), which a harness cannot use", reason, node.lineno)


def _names_given(node: ast.AST) -> tuple[str, ...]:
    """The names that a statement, a parameter or an assignment binds."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return (node.name,)
        case ast.Name(ctx=ast.Store()):
            return (node.id,)
        case ast.arg():
            return (node.arg,)
        case ast.Import() | ast.ImportFrom():
            return tuple(alias.asname or alias.name for alias in node.names)
    return ()


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and full name of each module that is imported."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _borrowed(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and name of everything that looks like a module reached through another one, such as `json.codecs`."""
    nodes = nodes_of(tree)
    modules = {alias.asname or alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module in sys.stdlib_module_names:
                yield from ((node.lineno, alias.name) for alias in names if alias.name in sys.stdlib_module_names)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield from [(node.lineno, name)] if name in sys.stdlib_module_names else []
            case ast.Attribute(attr=name) if name in _TELLING:  # whatever it is reached through
                yield node.lineno, name
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]) if name in _TELLING:
                yield node.lineno, name


def _reason_against(name: str, packages: Collection[str]) -> str:
    """Why a harness cannot import a module; empty if it can."""
    top = name.partition(".")[0]
    if name in (INTERFACE, AUDIT) or (top in packages and top):
        return ""
    if top in sys.stdlib_module_names:
        return _REASONS.get(top, "what is private stays so" if top.startswith("_") and top != "__future__" else "")
    others = f", and {', '.join(packages)}" if packages else ""
    pure = f"use the standard library's pure parts, {INTERFACE} and {AUDIT}{others}"
    return pure if top in ("", "meta_reward") else f'{pure}; packages = ["{top}"] in run.toml would allow it'


def characters(source: str) -> Iterator[Finding]:
    """Control characters, which hide what is written from a reader."""
    for number, line in enumerate(source.split("\n"), 1):
        if printable(line) != line:
            yield Finding("characters", "holds a control character", "write it as an escape, such as \\x1b", number)
