"""Checks whether a harness contains packed data: a table of answers, compressed into text or numbers.

Looks at windows of text without blanks. Two measures together tell packed data from words in any language and from
regular expressions: characters are used evenly (the index of coincidence, times the number of different characters, is
about 1; for what people write it is at least 1.4), and few neighbours are letters that often occur together.
Thresholds were set so that the seeds, the catalog, harnesses written by hand and this package's own code are far from
them; `benchmarks/copied.py` counts.

Source: W. F. Friedman, The Index of Coincidence (1922).
"""

import ast
import itertools
import math
import random
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meta_reward.harness.validate.folding import GAP
from meta_reward.harness.validate.literals import Literal
from meta_reward.harness.validate.report import Finding
from meta_reward.harness.validate.source import nodes_of

MAX_DIGITS = 60  # in all the numbers that are neither short nor round
MAX_NUMBERS = 96  # within all lists, tuples, sets and dictionaries
_MAX_FINDINGS = 3
_HINT = "state rules in words and code; a table that stands for the cases a harness was shown does not help on others"
_KEY = 4  # characters
_ROUND = 4  # digits; a threshold or a weight has fewer
_EVEN_HAN = 0.003  # index of coincidence of Chinese and Japanese that nobody wrote; that of prose is above 0.005
_FIRST_HAN = "\u2e80"
_OFTEN = frozenset(
    """th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro
    ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs
    un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu
    ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu""".split()
)
"""The pairs of letters that are most of what stands side by side in English, and more than half in its relatives."""


@dataclass(frozen=True, slots=True)
class _Window:
    """How many characters to look at together, and below which values of both measures they are packed data."""

    size: int
    evenness: float
    often: float


_WINDOWS = (_Window(64, 0.7, 0.2), _Window(128, 1.2, 0.25))
_POOLED = _Window(160, 1.2, 0.25)  # short texts side by side, which are less alike


def dense(tree: ast.Module, literals: Iterable[Literal]) -> Iterator[Finding]:
    """Findings for the first text that is packed data, and for too many numbers."""
    yield from _texts(tree, literals)
    yield from _numbers(tree)


def _texts(tree: ast.Module, literals: Iterable[Literal]) -> Iterator[Finding]:
    lines: dict[int, str] = {}
    for literal in literals:
        if isinstance(literal.value, str) and (data := _packed_in_any_order(literal.value)):
            lines.setdefault(literal.line, data)
    for line, data in list(lines.items())[:_MAX_FINDINGS]:
        yield Finding("dense", f"holds what looks like packed data: {data[:40]!r} ...", _HINT, line)
    if not lines:
        for first, texts in _pools(tree):
            if data := _packed("".join(texts), (_POOLED,)) or _packed("".join(_shuffled(texts)), (_POOLED,)):
                what = f"holds short texts that together look like packed data: {data[:40]!r} ..."
                yield Finding("dense", what, _HINT, first)
                return


def _pools(tree: ast.Module) -> Iterator[tuple[int | None, list[str]]]:
    """Short texts that belong together: those of one collection, and all there are, in the order of the source."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Dict):
            yield node.lineno, _short(key for key in node.keys if key is not None)
            yield node.lineno, _short(node.values)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            yield node.lineno, _short(node.elts)
        elif isinstance(node, ast.Call):
            yield node.lineno, [keyword.arg for keyword in node.keywords if keyword.arg]
    constants = [node for node in nodes_of(tree) if isinstance(node, ast.Constant)]
    yield None, _short(sorted(constants, key=lambda node: (node.lineno, node.col_offset)))


def _packed_in_any_order(text: str) -> str:
    """The first part of a text that is packed data, in the given order of its words or with short words shuffled."""
    return _packed(text, _WINDOWS) or _packed("".join(_shuffled(text.split())), (_POOLED,))


def _shuffled(texts: Iterable[str]) -> list[str]:
    """The very short ones of these texts, such as the keys of a table, in an arbitrary but fixed order, since a sorted
    table would look too regular."""
    found = sorted(text for text in texts if len(text) <= _KEY)
    random.Random(7).shuffle(found)
    return found


def _short(nodes: Iterable[ast.expr]) -> list[str]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    texts = [value.decode("latin-1") if isinstance(value, bytes) else value for value in values]
    return [text for text in texts if isinstance(text, str) and len(text) < _WINDOWS[-1].size]


def _numbers(tree: ast.Module) -> Iterator[Finding]:
    numbers = [node for node in nodes_of(tree) if isinstance(node, ast.Constant) and _digits(node.value)]
    opaque = list({node.value: node for node in numbers if _digits(node.value) > _ROUND}.values())
    digits = sum(_digits(node.value) for node in opaque)
    if digits > MAX_DIGITS:
        yield Finding("dense", f"holds numbers of {digits} digits in all", _HINT, min(node.lineno for node in opaque))
    tabled = {
        id(element): element
        for node in nodes_of(tree)
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict)
        for element in ast.iter_child_nodes(node)
        if isinstance(element, ast.Constant) and _digits(element.value)
    }
    if len(tabled) > MAX_NUMBERS:
        first = min(node.lineno for node in tabled.values())
        yield Finding("dense", f"holds tables of {len(tabled)} numbers in all", _HINT, first)


def _digits(value: object) -> int:
    """The number of significant digits of a number; 1 for a boolean, 0 for anything else."""
    if not isinstance(value, int | float):
        return 0
    if isinstance(value, int) and abs(value) > 10**18:
        return value.bit_length() * 3 // 10
    return max(1, len(f"{value:.17g}".partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")))


def _packed(text: str, windows: Iterable[_Window]) -> str:
    """The first part of a text that is packed data; empty if none is."""
    solid = "".join(text.replace(GAP, "").split())
    for window in windows:
        for at in range(0, len(solid) - window.size + 1, window.size // 2):
            part = solid[at : at + window.size]
            if _is_packed(part, window):
                return part
    return ""


def _is_packed(part: str, window: _Window) -> bool:
    counts = Counter(part)
    coincidence = sum(n * (n - 1) for n in counts.values()) / (len(part) * (len(part) - 1))
    if sum(sign >= _FIRST_HAN for sign in part) > len(part) / 2:  # has too many signs for the measure to hold
        return coincidence < _EVEN_HAN
    if coincidence * len(counts) >= window.evenness or _share_often(part) >= window.often:
        return False
    squeezed = zlib.compress(part.encode(errors="replace"), 9, -zlib.MAX_WBITS)  # a pattern, such as a ruler, gives in
    return len(squeezed) * 8 >= 0.9 * len(part) * math.log2(len(counts)) > 0


def _share_often(part: str) -> float:
    """The share of neighbours that are letters which often occur together. Ignores accents and joints of camelCase."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", part) if not unicodedata.combining(sign))
    pairs = itertools.pairwise(plain)
    return sum(f"{a}{b}".lower() in _OFTEN for a, b in pairs if not (a.islower() and b.isupper())) / len(part)
