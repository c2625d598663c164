"""JSON, JSON lines and atomic writes: all file access of this package.

A write goes to a temporary file next to the target, which is then renamed over the target. So a reader sees the old
file or the new one, never a part. JSON is indented for people and grep; characters that control a terminal or reorder
text are escaped. Reads raise DataError, which names the file and the line.
"""

import errno
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import orjson

from meta_reward.errors import DataError, UsageError

HINTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.EMFILE: "lower --concurrency, or allow more open files with `ulimit -n`",
}
_DEPTH_OF_RECORDS = 32  # our records nest a value in at most this many lists and objects
UNFINISHED = ".unfinished"  # suffix of temporary files and folders; only a killed process leaves one behind
# DEL, C1 controls, line and paragraph separators, and the marks that change the direction of text.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")  # Python's stand-ins for bytes of a file name that is not UTF-8


def dump_json(value: Any) -> bytes:
    """`value` as indented JSON with a final newline. Dataclasses are written field by field."""
    return _dumps(value, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def dump_line(value: Any) -> bytes:
    """`value` as JSON on one line with a final newline."""
    return _dumps(value, orjson.OPT_APPEND_NEWLINE)


def canonical_json(value: Any) -> bytes:
    """`value` as JSON with sorted keys and no spaces: what digests are made from."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value, in hexadecimal; the order of keys makes no difference."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def digest_of_text(text: str) -> str:
    """The SHA-256 of a text in the form that records use: `sha256:` and hexadecimal digits."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value is nested too deeply to be written inside our own records."""
    for _ in range(_DEPTH_OF_RECORDS):
        value = [value]
    try:
        orjson.dumps(value)
        return False
    except TypeError:
        return True


def as_dict(record: Any) -> dict[str, Any]:
    """The fields of a dataclass by name. Unlike those of `dataclasses.asdict`, its values are not copied."""
    return {item.name: getattr(record, item.name) for item in fields(record)}


def as_lines(value: Any) -> Any:
    """`value` with every multi-line string, at any depth, as a list of lines, for people to read. See `as_text`."""
    if isinstance(value, str):
        return value.split("\n") if "\n" in value else value
    if isinstance(value, dict):
        return {key: as_lines(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_lines(item) for item in value]
    return as_lines(as_dict(value)) if is_dataclass(value) else value


def as_text(value: Any) -> Any:
    """The reverse of `as_lines` for one value: joins a list of strings by newlines, returns anything else unchanged."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value


def printable(text: str) -> str:
    """`text` with control characters and direction marks made visible: safe to print on a terminal."""
    return _CONTROL.sub(_as_escape, text)


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises DataError if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(path, "no such file") from None
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from None


def read_text(path: Path) -> str:
    """The content of a UTF-8 file. Raises DataError if it cannot be read or is not UTF-8."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise DataError(path, f"is not UTF-8 text (byte {error.start})") from None


def load_json(path: Path) -> Any:
    """The JSON value in a file. Raises DataError that names the broken line."""
    return parse_json(read_bytes(path), path)


def parse_json(data: bytes, path: Path, *, place: str = "") -> Any:
    """A JSON value from the bytes of `path`. Raises DataError that names `place`, by default the broken line."""
    if not data.strip():
        raise DataError(path, "is empty", place=place)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        where = place or f"line {error.lineno}"
        reason = error.msg.split(":")[0]
        raise DataError(
            path, f"is not valid JSON: {reason}", place=where, hint="truncated, or another format?"
        ) from None


def load_lines(path: Path) -> list[Any]:
    """The JSON values of a JSON-lines file. Raises DataError that names the broken line."""
    return [value for _, value in numbered_lines(path)]


def numbered_lines(path: Path) -> list[tuple[int, Any]]:
    """The JSON values of a JSON-lines file with their line numbers; empty lines are skipped."""
    lines = read_bytes(path).split(b"\n")
    return [(n, parse_json(line, path, place=f"line {n}")) for n, line in enumerate(lines, 1) if line.strip()]


def iter_whole_lines(path: Path) -> Iterator[Any]:
    """The JSON values of an append-only journal; a torn last line is skipped."""
    return (value for value, _ in iter_lines_from(path, 0))


def iter_lines_from(path: Path, start: int) -> Iterator[tuple[Any, int]]:
    """The JSON values of an append-only journal, each with the byte at which its line ends.

    start: the byte to begin at. A torn last line is skipped.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        end = start
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                end += len(line)
                place = f"line {number}" + (f" from byte {start}" if start else "")
                yield parse_json(line, path, place=place), end


def repair_journal(path: Path) -> None:
    """Cut a torn last line off a journal, so that the next append starts a new line."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


def append_line(path: Path, value: Any, *, new_folder: bool = True) -> None:
    """Append one JSON line to a journal. If the disk is full, the journal stays unchanged.

    new_folder: whether to create a missing folder. Raises UsageError if the line cannot be written.
    """
    line = dump_line(value)
    with writing(path), _opened_to_append(path, new_folder) as file:
        before = file.tell()
        try:
            written = file.write(line)
            while written < len(line):  # a full disk raises only on the second write
                written += file.write(line[written:])
        except OSError:
            with suppress(OSError):
                file.truncate(before)
            raise


def _opened_to_append(path: Path, new_folder: bool) -> io.FileIO:
    try:
        return path.open("ab", buffering=0)
    except FileNotFoundError:
        if not new_folder:
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab", buffering=0)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically, creating its folders. Raises UsageError on a full disk or read-only folder."""
    with writing(path):
        try:
            handle, name = _temporary_beside(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = _temporary_beside(path)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _temporary_beside(path: Path) -> tuple[int, str]:
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=UNFINISHED)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_bytes(path, dump_json(value))


def write_lines(path: Path, values: Iterable[Any]) -> None:
    """Write values as JSON lines, atomically."""
    write_bytes(path, b"".join(dump_line(value) for value in values))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the errors that malformed JSON content causes in the block into a DataError."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise DataError(path, f"does not hold what it should: {type(error).__name__}: {error}") from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError in the block into a one-line UsageError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be written: {reason}", hint=HINTS.get(error.errno or 0, "")) from error


def _dumps(value: Any, option: int) -> bytes:
    """JSON of a value, safe to print. Text that is not UTF-8 (possible in file names) is escaped."""
    try:
        data = orjson.dumps(value, option=option)
    except TypeError as error:
        if "surrogates" not in str(error):
            raise
        data = orjson.dumps(_without_surrogates(value), option=option)
    text = data.decode()
    return _UNSAFE.sub(_as_escape, text).encode() if _UNSAFE.search(text) else data


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(_as_escape, value)
    if is_dataclass(value) and not isinstance(value, type):
        return _without_surrogates(as_dict(value))
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _as_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
