"""The rows of a file: JSON lines, CSV or TSV, or one JSON document.

Lines and tables are read as they are asked for, in memory that does not grow with the file; a document is
loaded whole. A broken line is a RowError in its place, and the lines after it are read. Raises DataError
where a file cannot be read at all.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.importers.record import Place, RowError

_BOM = b"\xef\xbb\xbf"
_TABLES = {".csv": ",", ".tsv": "\t"}
_LONGEST_CELL = 1 << 30
_SAMPLE = 20
_PYTHON = re.compile(rb"\s*\{\s*'")
_STRING_OR_NAN = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")|\bNaN\b', re.DOTALL)
_NAN = re.compile(rb"[:\[,]\s*NaN\b")
_NOT_JSON = re.compile(rb"[:\[,]\s*(NaN|-?Infinity|None|True|False)\b")


def iter_rows(path: Path) -> Iterator[tuple[Place, Any]]:
    """Every row of a file with its place; for a row that cannot be read, the RowError that says why.

    The entries of a JSON list are rows; any other JSON document is one.
    """
    if path.suffix.lower() in _TABLES:
        yield from _table(path, _TABLES[path.suffix.lower()])
        return
    with _opened(path) as file:
        before, first = _first_line(file, path)
        is_lines = _is_json_lines(first) or _goes_on_as_lines(file, first)
        if is_lines and not _is_all_there_is(file, first):
            yield from _lines(path, chain([first], file), before + 1)
            return
    yield from _entries(path)


def sample_rows(path: Path) -> list[dict[str, Any]]:
    """The first rows that are objects, for finding out what a file holds. Raises DataError where none can be read."""
    first = list(islice(iter_rows(path), _SAMPLE))
    for place, row in first[:1]:
        if isinstance(row, RowError) and all(isinstance(other, RowError) for _, other in first):
            raise DataError(path, row.what, place=place.row)
    return [row for _, row in first if isinstance(row, dict)]


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise DataError(path, "no such file") from None
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from None


def _first_line(file: IO[bytes], path: Path) -> tuple[int, bytes]:
    """How many empty lines a file begins with, and the line after them."""
    for number, line in enumerate(file):
        if number == 0:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataError(path, "is UTF-16 text", hint="save it as UTF-8")
            if line.startswith(b"\x1f\x8b"):
                raise DataError(path, "is compressed", hint="unpack it with gunzip")
            line = line.removeprefix(_BOM)
        if line.strip():
            return number, line
    raise DataError(path, "is empty")


def _is_json_lines(first: bytes) -> bool:
    line = first.strip()
    return _is_object(line) or (line.startswith(b"{") and line.endswith(b"}"))


def _goes_on_as_lines(file: IO[bytes], first: bytes) -> bool:
    """Whether a file is JSON lines although its first line is broken: an object follows, then another or nothing.

    In a document, an object on a line of its own is followed by a comma or by what closes the list. The file stands
    where it stood.
    """
    if not first.lstrip().startswith(b"{"):
        return False
    here = file.tell()
    following = list(islice((line for line in file if line.strip()), 2))
    file.seek(here)
    return bool(following) and _is_object(following[0]) and all(line.lstrip().startswith(b"{") for line in following)


def _is_all_there_is(file: IO[bytes], first: bytes) -> bool:
    """Whether a file is one line with NaN in it: a log as Python writes it, and so a document."""
    if _is_object(first) or not _NAN.search(first):
        return False
    here = file.tell()
    alone = not any(line.strip() for line in file)
    file.seek(here)
    return alone


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _lines(path: Path, lines: Iterator[bytes], start: int) -> Iterator[tuple[Place, Any]]:
    for number, line in enumerate(lines, start):
        if line.strip():
            yield Place(path, f"line {number}"), _parsed(line)


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if _PYTHON.match(line):
            return RowError("", "is not valid JSON, but Python: write it with json.dumps")
        odd = _NOT_JSON.search(line)
        reason = f"{odd[1].decode()} is no value of JSON" if odd else error.msg.split(":")[0]
        return RowError("", f"is not valid JSON: {reason}")


def _entries(path: Path) -> Iterator[tuple[Place, Any]]:
    whole = files.read_bytes(path).removeprefix(_BOM)
    if whole.lstrip().startswith(b"{") and _NAN.search(whole):  # a log as Python writes it, where NaN is no value
        whole = _STRING_OR_NAN.sub(lambda found: found[1] or b"null", whole)
    data = files.parse_json(whole, path)
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise DataError(path, "holds no rows: it is an empty list")
    for number, entry in enumerate(entries, 1):
        yield Place(path, f"entry {number}"), entry


def _table(path: Path, delimiter: str) -> Iterator[tuple[Place, Any]]:
    """Rows of a table as objects; empty cells are left out."""
    csv.field_size_limit(_LONGEST_CELL)
    with _opened(path) as file, io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        header = _cells(reader)
        if not header:
            raise DataError(path, "is empty")
        if isinstance(header, RowError):
            raise DataError(path, header.what, place="line 1")
        _check_header(header, path)
        start = reader.line_num + 1
        while (cells := _cells(reader)) is not None:
            if cells:
                row = cells if isinstance(cells, RowError) else _row_of(header, cells)
                yield Place(path, f"line {start}"), row
            start = reader.line_num + 1


def _cells(reader: "Iterator[list[str]]") -> list[str] | RowError | None:
    """The next row of a table, or what is wrong with it; None behind the last."""
    try:
        cells = next(reader, None)
        "".join(cells or ()).encode()
    except UnicodeEncodeError:
        return RowError("", "is not UTF-8 text")
    except csv.Error as error:
        return RowError("", f"is not a valid table: {error}")
    return cells


def _check_header(header: list[str], path: Path) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(path, f"names the column {twice[0][:60]!r} twice", place="line 1")


def _row_of(header: list[str], cells: list[str]) -> Any:
    if len(cells) != len(header):
        return RowError("", f"has {len(cells)} cells, and the header has {len(header)}: quote cells that hold commas")
    return {name.strip(): cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
