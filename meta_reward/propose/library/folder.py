"""A library as files that people read, edit and share.

    library.md                what the library is, in a line
    skills/NAME/SKILL.md      front matter, then what the judge is told
    tools/NAME/SKILL.md       front matter, then the prompt, or the Python function in one block of code

Front matter has one line per key: `name`, `description`, and optionally `if` (the condition), `mark`, `require`, and
`input` and `output` as JSON. Packing an unpacked library gives the same harness.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.propose.library.entries import SKILL, TOOL, BadEntry, Entry, Library, make_library
from meta_reward.propose.library.source import parse_entry

ABOUT, FILE = "library.md", "SKILL.md"
_FOLDERS = {SKILL: "skills", TOOL: "tools"}
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n(.*)\Z", re.DOTALL)
_LINE = re.compile(r"(\w+)[ \t]*:[ \t]*(.*)")
_CODE = re.compile(r"\s*```python\n(.*?)\n```\s*", re.DOTALL)
_AS_JSON = ("input", "output", "require")


def unpack(library: Library, folder: Path) -> None:
    """Write the files of a library. Raises UsageError if the folder holds a library already."""
    if (folder / ABOUT).exists() or any((folder / name).exists() for name in _FOLDERS.values()):
        raise UsageError(f"{folder} holds a library already", hint="unpack into an empty folder")
    files.write_bytes(folder / ABOUT, f"{library.about}\n".encode())
    for entry in library.entries:
        files.write_bytes(folder / _FOLDERS[entry.kind] / entry.name / FILE, render_entry(entry).encode())


def load_library(folder: Path) -> Library:
    """The library in a folder. Raises DataError that names the bad file, UsageError if there is no library."""
    found = [(kind, path / FILE) for kind, name in _FOLDERS.items() for path in sorted((folder / name).glob("*/"))]
    if not found:
        raise UsageError(f"{folder} is not a library: it has no skills/NAME/{FILE} and no tools/NAME/{FILE}")
    about = files.read_text(folder / ABOUT) if (folder / ABOUT).exists() else ""
    entries = [load_entry(kind, path) for kind, path in found]
    try:
        return make_library(about, entries)
    except BadEntry as error:
        raise DataError(folder, str(error)) from None


def load_entry(kind: str, path: Path) -> Entry:
    """The entry in a file. Raises DataError."""
    if not path.is_file():  # reading a pipe would hang
        raise DataError(path, "is not a file", hint="put the entry there, or remove its folder")
    try:
        entry = parse_file(kind, files.read_text(path))
        make_library("", [entry])
    except BadEntry as error:
        raise DataError(path, str(error)) from None
    if entry.name != path.parent.name:
        raise DataError(path, f"is named {entry.name}", hint=f"give its folder the same name, not {path.parent.name}")
    return entry


def render_entry(entry: Entry) -> str:
    """An entry as a file."""
    front = [f"{key}: {value}" for key, value in _front(entry)]
    body = f"```python\n{entry.code}\n```" if entry.code else entry.body
    return "\n".join(["---", *front, "---", "", body, ""])


def parse_file(kind: str, text: str) -> Entry:
    """An entry from the text of its file. Raises BadEntry."""
    found = _FRONT.match(text.replace("\r\n", "\n"))
    if found is None:
        raise BadEntry("does not parse: it does not begin with front matter between two lines ---")
    data: dict[str, Any] = {}
    for line in filter(str.strip, found[1].split("\n")):
        key = _LINE.fullmatch(line)
        if key is None:
            raise BadEntry(f"does not parse: {line[:40]!r} is not a line `key: value` of the front matter")
        data[key[1]] = _value(key[1], key[2].strip())
    code = _CODE.fullmatch(found[2])
    if kind == TOOL and code:
        data["code"] = code[1]
    else:
        data["body"] = found[2].strip("\n")
    return parse_entry(kind, data)


def _front(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "name", entry.name
    yield "description", entry.description
    yield from ((key, value) for key, value in (("if", entry.condition), ("mark", entry.mark)) if value)
    if entry.require:
        yield "require", "true"
    for key, schema in (("input", entry.input), ("output", entry.output)):
        if schema is not None:
            yield key, json.dumps(schema, ensure_ascii=False)


def _value(key: str, text: str) -> Any:
    if key not in _AS_JSON:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadEntry(f"does not parse: {key} is not JSON: {error}") from None
