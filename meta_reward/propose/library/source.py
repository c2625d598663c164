"""A library as a harness, which is one self-contained file, and back.

From the top: a docstring about the library, `SKILLS` and `TOOLS` as literals, the functions of tools, each below a line
`# tool: NAME`, and the engine, which is the same in every library. So a diff of two libraries shows only entries. The
source is parsed in a child process of the inspector, never in this one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.harness.validate import inspect_source
from meta_reward.harness.validate.inspector import literals
from meta_reward.harness.validate.source import MAX_BYTES
from meta_reward.propose.library.entries import SKILL, TOOL, BadEntry, Entry, Library, make_library

_FOLDER = Path(__file__).parent
_ENGINE_BEGINS = "# --- The engine:"
_FUNCTIONS_BEGIN = "# --- Functions of tools: each below a line that names its tool."
_FUNCTIONS_END = "FUNCTIONS: Mapping[str, Callable[..., Any]] = "
_OF_TOOL = re.compile(r"(?m)^# tool: (.*)\n")
_KEYS = {"condition": "if", "body": "body", "mark": "mark", "input": "input", "output": "output", "require": "require"}
_WIDE = 100


def render_library(library: Library) -> str:
    """The source of the harness. Raises BadEntry if it is too large, invalid, or would not be read back as it is."""
    source = _source_of(library)
    size = len(source.encode())
    if size > MAX_BYTES:
        raise BadEntry(f"the library takes {size / 1024:.0f} KB packed, more than {MAX_BYTES // 1024}: shorten entries")
    coded = [entry for entry in library.of(TOOL) if entry.code]
    _check_names({entry.name: entry.code for entry in coded}, {entry.name: entry.function for entry in coded})
    if parse_library(source) != library:
        raise BadEntry("the library cannot be read back as it is: a tool's code holds a line that divides the file")
    for finding in inspect_source(source).findings:
        raise BadEntry(str(finding))
    return source


def _source_of(library: Library) -> str:
    coded = [entry for entry in library.of(TOOL) if entry.code]
    names = "".join(f'\n    "{entry.name}": {entry.function},' for entry in coded)
    blocks = "".join(f"\n\n\n# tool: {entry.name}\n{entry.code}" for entry in coded)
    parts = [
        f'"""{_in_docstring(library.about)}"""\n\n{_text("head")}\n',
        *(
            f"{name}: Sequence[Mapping[str, Any]] = {_literal([literal_fields(entry) for entry in library.of(kind)])}\n"
            for name, kind in (("SKILLS", SKILL), ("TOOLS", TOOL))
        ),
        f"\n{_FUNCTIONS_BEGIN}{blocks}\n\n",
        f"{chr(10) if blocks else ''}{_FUNCTIONS_END}{{{names}{chr(10) if names else ''}}}\n\n",
        _text("engine"),
    ]
    return "".join(parts)


def parse_library(source: str) -> Library:
    """The library in a harness. Raises BadEntry if the harness is not a library, or does not parse."""
    top, marker, engine = source.replace("\r\n", "\n").partition(_ENGINE_BEGINS)
    if not marker:
        raise BadEntry("is not a library: it has no engine below its entries")
    if (marker + engine).rstrip() != _text("engine").rstrip():
        raise BadEntry("the engine differs from this version's: put it back, and change entries instead")
    try:
        found = literals(top, ["SKILLS", "TOOLS"])
    except SyntaxError as error:
        raise BadEntry(f"the library does not parse: {error}") from None
    values = found["values"]
    for name in ("SKILLS", "TOOLS"):
        if not isinstance(values.get(name), list) or not all(isinstance(one, dict) for one in values[name]):
            raise BadEntry(f"the library does not parse: {name} is not a list of literals")
    code = dict(_code_in(top))
    if stray := sorted(set(code) - {str(one.get("name")) for one in values["TOOLS"]}):
        raise BadEntry(f"there is a function for {stray[0]!r}, which is not a tool")
    made = [parse_entry(SKILL, one) for one in values["SKILLS"]]
    made += [parse_entry(TOOL, {**one, "code": code.get(str(one.get("name")), "")}) for one in values["TOOLS"]]
    _check_names(code, {entry.name: entry.function for entry in made if entry.code})
    return make_library(found["doc"], made)


def is_library(source: str) -> bool:
    """Whether a harness is a library, or was meant to be one."""
    return _ENGINE_BEGINS in source


def parse_entry(kind: str, data: Mapping[str, Any]) -> Entry:
    """An entry from the literal in a harness, or from an edit. Raises BadEntry."""
    known = {"name": "name", "description": "description", "code": "code", "prompt": "body"}
    known |= {key: field for field, key in _KEYS.items()}
    name = data.get("name") if isinstance(data.get("name"), str) else "(without a name)"
    if unknown := sorted(set(data) - set(known) - {"kind", "op"}):
        raise BadEntry(f"{kind} {name} has the unknown field {unknown[0]!r}: known are {', '.join(sorted(known))}")
    values = {known[key]: value for key, value in data.items() if key in known and value not in (None, "", False)}
    texts = ("name", "description", "body", "condition", "mark", "code")
    if bad := [field for field in texts if not isinstance(values.get(field, ""), str)]:
        raise BadEntry(f"{kind} {name}: {bad[0]} is not text")
    if not isinstance(values.get("require", True), bool):
        raise BadEntry(f"{kind} {name}: require is neither true nor false")
    values |= {
        field: value.replace("\r\n", "\n").strip("\n") for field, value in values.items() if field in ("body", "code")
    }
    values["description"] = str(values.get("description", "")).strip()
    return Entry(kind=kind, **{"name": "", **values, "require": bool(values.get("require"))})


def _code_in(top: str) -> Iterator[tuple[str, str]]:
    """The name of each tool, from the line above its function, and the function's code."""
    code = top.partition(_FUNCTIONS_BEGIN)[2].partition(_FUNCTIONS_END)[0]
    _, *parts = _OF_TOOL.split(code)
    yield from zip(parts[::2], (text.strip("\n") for text in parts[1::2]), strict=True)


def _check_names(code: Mapping[str, str], functions: Mapping[str, str]) -> None:
    """Raise BadEntry if a tool lacks its function, or two pieces of code define the same name."""
    taken = {name: "the engine" for text in ("head", "engine") for name in _defined(_text(text), text)}
    taken |= dict.fromkeys(("SKILLS", "TOOLS", "FUNCTIONS"), "the engine")
    for tool, text in code.items():
        names = _defined(text, f"tool {tool}")
        if functions.get(tool) not in names:
            raise BadEntry(f"tool {tool} defines no function {functions.get(tool)}(trajectory, ...)")
        for name in names:
            if name in taken:
                raise BadEntry(f"tool {tool} defines {name}, which {taken[name]} defines too: rename it")
            taken[name] = f"tool {tool}"


def _defined(code: str, what: str) -> list[str]:
    try:
        return list(literals(code, [])["defined"])
    except SyntaxError as error:
        raise BadEntry(f"{what} does not parse: {error}") from None


def literal_fields(entry: Entry) -> dict[str, Any]:
    """The fields of an entry's literal; empty ones are left out."""
    fields = {"name": entry.name, "description": entry.description}
    for field, key in _KEYS.items():
        value = getattr(entry, field)
        if value:
            fields["prompt" if key == "body" and entry.kind == TOOL else key] = value
    return fields


def _literal(value: Any, indent: int = 0) -> str:
    """A value as Python code; a text of several lines becomes one literal per line."""
    pad, inner = " " * indent, " " * (indent + 4)
    if isinstance(value, str):
        lines = value.splitlines(keepends=True)
        if len(lines) < 2:
            return _quoted(value)
        return "".join(["(\n", *(f"{inner}{_quoted(line)}\n" for line in lines), f"{pad})"])
    if not value or not isinstance(value, dict | list):
        return repr(value)
    flat = _flat(value)
    if isinstance(value, dict) and indent > 4 and len(flat) <= _WIDE:
        return flat
    if isinstance(value, dict):
        lines = [f"{inner}{_quoted(key)}: {_literal(item, indent + 4)},\n" for key, item in value.items()]
        return "".join(["{\n", *lines, f"{pad}}}"])
    return "".join(["[\n", *(f"{inner}{_literal(item, indent + 4)},\n" for item in value), f"{pad}]"])


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_quoted(str(key))}: {_flat(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _in_docstring(text: str) -> str:
    """A text to put between triple quotes, escaped only if it has to be."""
    if "\\" in text or '"""' in text or text.endswith('"'):
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text


def _quoted(text: str) -> str:
    """A text as a Python literal in double quotes; JSON's escapes mean the same there."""
    return json.dumps(text, ensure_ascii=False)


def _text(name: str) -> str:
    return files.read_text(_FOLDER / f"{name}.txt")
