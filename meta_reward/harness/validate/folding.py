"""Evaluates the constant expressions of a harness without running any of it.

The size of a result is computed before the operation; one that would be too large counts as not constant. In a text,
GAP stands for parts that are only known at run time.
"""

import ast
import re
from collections import Counter
from typing import Any

from meta_reward.harness.validate.source import nodes_of

GAP = "\0"
_MAX_CHARS = 70_000  # of one text; a harness is smaller
_MAX_WORK = 500_000  # characters put together in all
_METHODS = frozenset(
    """capitalize casefold format lower lstrip removeprefix removesuffix replace rstrip strip swapcase title upper
    hex""".split()
)
_CODECS = frozenset(("utf-8", "utf8", "ascii", "latin-1", "latin1"))  # others can take hours, or unpack
_LONGEST_REPR = 10  # characters that one may become where it is escaped
_WIDTH = re.compile(r"%[^%a-zA-Z]*[0-9*]|\{[^}]*[:!.\[]")  # formats that could be made to fill the memory


class Folding:
    """Evaluates constant expressions, without running anything of the harness."""

    def __init__(self, tree: ast.Module) -> None:
        self._known: dict[int, Any] = {}
        self._left = _MAX_WORK
        self._names: dict[str, ast.expr] = {}
        assigned = Counter(
            node.id for node in nodes_of(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        )
        for node in nodes_of(tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if assigned[name] == 1:
                    self._names[name] = value

    def value(self, node: ast.expr) -> Any:
        """A text, bytes, a number or a list of these; None if the expression is not constant."""
        if isinstance(node, ast.Constant):
            return node.value
        if id(node) not in self._known:
            self._known[id(node)] = None  # a name that refers to itself is not constant
            try:
                value = self._fold(node) if self._left > 0 else None
            except MemoryError:
                raise
            except Exception:  # an operation that fails is not constant
                value = None
            self._known[id(node)] = self._bounded(value)
        return self._known[id(node)]

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, str | bytes | list):
            self._left -= len(value)
            return value if len(value) <= _MAX_CHARS and self._left > 0 else None
        return value if isinstance(value, int | float) and abs(value) < 1e18 else None

    def _fold(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name) if name in self._names:
                return self.value(self._names[name])
            case ast.JoinedStr(values=parts):
                return self._join("", [self._text(part) for part in parts])
            case ast.FormattedValue(value=value, format_spec=None):
                return self._text(value)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return [self.value(element) for element in elements]
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(left, op, right)
            case ast.Subscript(value=whole, slice=index):
                return self.value(whole)[self._index(index)]
            case ast.Call(func=ast.Attribute(value=whole, attr=method), args=arguments, keywords=[]):
                return self._method(whole, method, arguments)
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._function(function, arguments)
        return None

    def _text(self, node: ast.expr) -> str:
        value = self.value(node)
        if isinstance(value, bytes):
            return value.decode("latin-1")
        return str(value) if isinstance(value, str | int | float) else GAP

    def _fits(self, size: int) -> bool:
        """Whether a text or list of that size is within the limits."""
        return size <= min(_MAX_CHARS, self._left)

    def _join(self, separator: str | bytes, parts: list[Any]) -> Any:
        size = sum(len(part) for part in parts) + len(separator) * len(parts)
        return separator.join(parts) if self._fits(size) else None

    def _operation(self, left: ast.expr, op: ast.operator, right: ast.expr) -> Any:
        a, b = self.value(left), self.value(right)
        match op:
            case ast.Add() if isinstance(a, str) or isinstance(b, str):
                return self._join("", [self._text(left), self._text(right)])
            case ast.Add() if isinstance(a, bytes | list):
                return a + b if self._fits(len(a) + len(b)) else None
            case ast.Add() if _is_small(a) and _is_small(b):
                return a + b
            case ast.Sub() if _is_small(a) and _is_small(b):
                return a - b
            case ast.Mod() if isinstance(a, str) and not _WIDTH.search(a):
                return self._formatted(a, b if isinstance(b, list) else [b])
            case ast.Mult() if isinstance(a, str | bytes | list) and _is_small(b):
                return a * b if self._fits(len(a) * max(0, b)) else None
            case ast.Mult() if _is_small(a) and _is_small(b):
                return a * b
        return None

    def _formatted(self, text: str, values: list[Any]) -> Any:
        """A text with its percent signs filled in. None for values that are lists, which could be large."""
        if not all(isinstance(value, str | int | float) for value in values):
            return None
        size = len(text) + sum(_LONGEST_REPR * len(value) for value in values if isinstance(value, str))
        return text % tuple(values) if self._fits(size) else None

    def _index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return slice(*(None if end is None else self._number(end) for end in ends))
        return self._number(node)

    def _number(self, node: ast.expr) -> int:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._number(node.operand)
        number: int = self.value(node).__index__()
        return number

    def _method(self, whole: ast.expr, method: str, arguments: list[ast.expr]) -> Any:
        if method == "fromhex":
            return bytes.fromhex(self.value(arguments[0]))
        value = self.value(whole)
        if not isinstance(value, str | bytes):
            return None
        given = [self.value(argument) for argument in arguments]
        match method:
            case "join":
                return self._join(value, *given)
            case "encode" | "decode":
                return _recoded(value, method, *given)
            case "format":
                given = [self._text(argument) for argument in arguments]
                if _WIDTH.search(str(value)):
                    return None
        size = len(value) * max([len(each) for each in given if isinstance(each, str | bytes)], default=1)
        return getattr(value, method)(*given) if method in _METHODS and size <= _MAX_WORK else None

    def _function(self, function: str, arguments: list[ast.expr]) -> Any:
        match function, [self.value(argument) for argument in arguments]:
            case "str", [str() | int() as value]:
                return str(value)
            case "chr", [int(value)]:
                return chr(value)
            case (("bytes" | "bytearray"), [list(value)]):
                return bytes(value)
            case "reversed", [str() | list() as value]:
                return list(value[::-1])
            case (("list" | "tuple" | "set" | "frozenset" | "sorted"), [list(value)]):
                return value
            case "map", _ if isinstance(arguments[0], ast.Name) and arguments[0].id == "chr":
                return [chr(number) for number in self.value(arguments[1])]
        return None


def _is_small(value: Any) -> bool:
    """Whether a value is a number of ordinary size."""
    return isinstance(value, int | float) and abs(value) < 1e18


def _recoded(value: str | bytes, method: str, codec: str = "utf-8") -> Any:
    if codec.lower().replace("_", "-") not in _CODECS:
        return None
    return getattr(value, method)(codec)
