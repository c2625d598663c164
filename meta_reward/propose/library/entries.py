"""Skills and tools as data, and their checks.

A *skill* is a rubric that the judge is shown. A *tool* is a procedure that the judge may call: a prompt for the judge
itself, or a Python function of the trajectory. Each entry says when to use it: by a condition that code checks
(`condition`), or else by its description, from which the router decides.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_reward.files import is_too_deep, printable

SKILL, TOOL = "skill", "tool"
CONDITIONS = ("always", "changed", "unchanged", "declined", "handed over", "claimed", "flagged", "long")
"""The conditions that the engine knows."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MARK = re.compile(r"[A-Z][A-Za-z ]{1,30}")
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_RESERVED = ("run", "policy", "trajectory")
_MOST_NAME = 64


class BadEntry(ValueError):
    """An entry or a library is invalid. The message says which, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill or a tool."""

    kind: str
    """`skill` or `tool`."""
    name: str
    """Lower-case letters, digits and dashes; also the name of its folder."""
    description: str
    """When to use it, on one line: the router and the judge decide by it."""
    body: str = ""
    """What a skill tells the judge, or a tool's prompt; empty for a tool that is a function."""
    condition: str = ""
    """One of CONDITIONS; empty if the router decides."""
    mark: str = ""
    """The name of an extra mark that a skill asks the judge for."""
    input: Mapping[str, Any] | None = None
    """The JSON schema of a tool's arguments, which are an object."""
    output: Mapping[str, Any] | None = None
    """The JSON schema of a tool's result."""
    require: bool = False
    """Whether the judge must call this tool before it decides."""
    code: str = ""
    """Python code that defines the tool's function, named like `function`, and whatever that needs."""

    @property
    def function(self) -> str:
        """The tool's name in code and in the judge's calls, with underscores."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Library:
    """The content of a library harness."""

    about: str
    """Its description, on one line."""
    entries: tuple[Entry, ...]
    """In the order of kind and name."""

    def of(self, kind: str) -> list[Entry]:
        """The entries of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def names(self) -> set[str]:
        """The names of all entries."""
        return {entry.name for entry in self.entries}


def make_library(about: str, entries: Sequence[Entry]) -> Library:
    """A library of these entries, checked. Raises BadEntry."""
    seen: set[str] = set()
    for entry in entries:
        check_entry(entry)
        if entry.name in seen:
            raise BadEntry(f"two entries are named {entry.name}: rename one, also where one is a skill and one a tool")
        seen.add(entry.name)
    required = [entry.name for entry in entries if entry.require]
    if len(required) > 1:
        raise BadEntry(f"tools {' and '.join(required)} are both required: the judge can be made to call one")
    one_line = " ".join(about.split()) or "A library of skills and tools."
    _check_plain("the library", one_line)
    return Library(one_line, tuple(sorted(entries, key=lambda entry: (entry.kind, entry.name))))


def check_entry(entry: Entry) -> None:
    """Raise BadEntry if an entry is invalid."""
    who = f"{entry.kind} {entry.name or '(without a name)'}"
    if entry.kind not in (SKILL, TOOL):
        raise BadEntry(f"{entry.name} is of kind {entry.kind!r}: an entry is a skill or a tool")
    if not _NAME.fullmatch(entry.name) or len(entry.name) > _MOST_NAME:
        raise BadEntry(f"{entry.kind} name {entry.name!r}: use lower-case letters, digits and single dashes")
    if not entry.description.strip() or "\n" in entry.description:
        raise BadEntry(f"{who} has no description of one line: say when to use it")
    if entry.description != entry.description.strip() or entry.body != entry.body.strip("\n"):
        raise BadEntry(f"{who} has blanks around its description or body: take them off")
    _check_plain(who, entry.description, entry.body, entry.code)
    if entry.condition and entry.condition not in CONDITIONS:
        raise BadEntry(f"{who} has the unknown condition {entry.condition!r}: known are {', '.join(CONDITIONS)}")
    (_check_skill if entry.kind == SKILL else _check_tool)(entry, who)


def _check_plain(who: str, *texts: str) -> None:
    """Raise BadEntry for control characters, and for texts that cannot be encoded."""
    if any(printable(text) != text for text in texts):
        raise BadEntry(f"{who} holds a control character: take it out")


def _check_skill(entry: Entry, who: str) -> None:
    if not entry.body.strip():
        raise BadEntry(f"{who} has no body: say what the judge is to do")
    if entry.mark and (not _MARK.fullmatch(entry.mark) or entry.mark in ("Score", "Think")):
        raise BadEntry(f"{who} has the mark {entry.mark!r}: use a capital and letters, and neither Score nor Think")
    if entry.input is not None or entry.output is not None or entry.require or entry.code:
        raise BadEntry(f"{who} has what only tools have: input, output, require or code")


def _check_tool(entry: Entry, who: str) -> None:
    if entry.mark:
        raise BadEntry(f"{who} has a mark, which only skills have")
    if bool(entry.body.strip()) == bool(entry.code.strip()):
        raise BadEntry(f"{who} needs either a prompt for the judge or one Python function")
    for name, schema in (("input", entry.input), ("output", entry.output)):
        if problem := problem_of_schema(schema):
            raise BadEntry(f"{who}: its {name} is not a JSON schema: {problem}")
        _check_plain(who, json.dumps(schema, ensure_ascii=False))
    arguments = (entry.input or {}).get("properties", {})
    if (entry.input or {}).get("type") != "object":
        raise BadEntry(f"{who}: its input is not the schema of an object")
    if bad := [name for name in arguments if not str(name).isidentifier() or name in _RESERVED]:
        raise BadEntry(f"{who}: {bad[0]!r} cannot be the name of an argument")


def problem_of_schema(schema: object) -> str:
    """What is wrong with a JSON schema; "" if nothing is."""
    if not isinstance(schema, Mapping):
        return "it is not an object" if schema is not None else "it is missing"
    if is_too_deep(schema):
        return "it is nested too deeply"
    kinds = schema.get("type", [])
    if not all(kind in _TYPES for kind in (kinds if isinstance(kinds, list) else [kinds])):
        return f"type {kinds!r} is none of {', '.join(_TYPES)}"
    if not (kinds or "enum" in schema):
        return "it names no type"
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return "properties is an object, and required a list"
    if missing := [name for name in required if name not in list(properties)]:
        return f"{missing[0]!r} is required and not among the properties"
    inner = [*properties.values(), *([schema["items"]] if "items" in schema else [])]
    return next((problem for one in inner if (problem := problem_of_schema(one))), "")
