"""The constants of a harness, assembled as far as possible without running it.

Text that is split into pieces comes out whole: concatenated, joined, formatted, sliced, spelled as numbers, hexadecimal
or base64, as bytes, or kept in variables that are assigned once (`folding.py`). Comments are left out.
"""

import ast
import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meta_reward.harness.validate.folding import Folding
from meta_reward.harness.validate.source import nodes_of

_ENCODED = re.compile(r"[0-9A-Za-z+/_-]{8,}={0,2}")


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. value: a text or a number. is_key: whether it is compared or looked up, or an element that can be."""

    value: str | int | float
    line: int
    is_key: bool = False


def literals_of(tree: ast.Module) -> list[Literal]:
    """All constants of a harness, each whole text once, in the order of their lines."""
    keys = {id(node) for node in _keys(tree)}
    folding = Folding(tree)
    texts: dict[str, int] = {}
    found: list[Literal] = []
    for node in nodes_of(tree):
        if isinstance(node, ast.expr):
            for each in _plain(folding.value(node)):
                if isinstance(each, str):
                    texts[each] = min(node.lineno, texts.get(each, node.lineno))
                else:
                    found.append(Literal(each, node.lineno, id(node) in keys))
    found += [Literal(text, line) for text, line in texts.items()]
    found += [Literal(inner, line) for text, line in texts.items() for inner in _decoded(text)]
    return sorted(dict.fromkeys(found), key=lambda literal: literal.line)


def _keys(tree: ast.Module) -> Iterator[ast.expr]:
    """Expressions that are compared or looked up."""
    for node in nodes_of(tree):
        match node:
            case ast.Dict(keys=keys):
                yield from (key for key in keys if key is not None)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in ops):
                    yield from (left, *others)
            case ast.Set(elts=elements):
                yield from elements
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                yield from elements
            case ast.MatchValue(value=value):
                yield value
            case ast.Subscript(slice=index):
                yield index


def _plain(value: Any) -> Iterator[str | int | float]:
    if isinstance(value, bytes):
        yield value.decode("latin-1")
    elif isinstance(value, str) or (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
    ):
        yield value
    elif isinstance(value, list) and len(value) >= 4 and all(isinstance(v, int) and 32 <= v < 127 for v in value):
        yield "".join(map(chr, value))


def _decoded(value: str) -> Iterator[str]:
    """What a text decodes to as hexadecimal or base64, if that is text again."""
    for word in _ENCODED.findall(value):
        for decode in (bytes.fromhex, base64.urlsafe_b64decode):
            try:
                data = decode(word.replace("+", "-").replace("/", "_"))
            except (ValueError, binascii.Error):
                continue
            if len(data) >= 4 and all(32 <= byte < 127 for byte in data):
                yield data.decode()
