"""Edits of a library as data: entries to add, change or remove. Code applies them, so a library stays well formed.

    {"root_causes": ["..."], "edits": [{"op": "add", "name": "...", "description": "...", "body": "..."}]}

An added entry has all fields of its literal; a change has only those that differ.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_reward.files import is_too_deep
from meta_reward.propose.library.entries import TOOL, BadEntry, Entry, Library, make_library
from meta_reward.propose.library.source import literal_fields, parse_entry

ADD, CHANGE, REMOVE = "add", "change", "remove"
_FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_MOST_EDITS = 5


@dataclass(frozen=True, slots=True)
class Edits:
    """What a model wants to change, and why."""

    causes: tuple[str, ...]
    """Root causes of wrong verdicts, each on one line."""
    edits: tuple[Mapping[str, Any], ...]
    """As in the JSON above; not checked yet."""


def parse_edits(reply: str) -> Edits:
    """The edits in a reply. Raises BadEntry if the reply holds none that can be read."""
    data = _json_in(reply)
    if not isinstance(data, dict) or is_too_deep(data):
        raise BadEntry("the reply holds no JSON object: answer with one, and nothing else")
    causes, edits = data.get("root_causes"), data.get("edits")
    if not isinstance(causes, list) or not causes or not all(isinstance(cause, str) for cause in causes):
        raise BadEntry("root_causes is not a list of texts: name at least one")
    if not isinstance(edits, list) or not edits or not all(isinstance(edit, dict) for edit in edits):
        raise BadEntry("edits is not a list of objects: make at least one")
    if len(edits) > _MOST_EDITS:
        raise BadEntry(f"{len(edits)} edits are more than {_MOST_EDITS}: make the most important ones")
    return Edits(tuple(" ".join(cause.split()) for cause in causes), tuple(edits))


def apply_edits(library: Library, edits: Sequence[Mapping[str, Any]], kind: str) -> Library:
    """The library with all edits applied. kind: the only kind of entry that may be edited. Raises BadEntry."""
    entries = {entry.name: entry for entry in library.entries}
    for edit in edits:
        op, name = edit.get("op"), edit.get("name")
        if not isinstance(name, str):
            raise BadEntry(f"an edit has no name: {str(edit)[:60]}")
        if edit.get("kind", kind) != kind or (name in entries and entries[name].kind != kind):
            raise BadEntry(f"{name} is not a {kind}: this phase edits {kind}s only")
        if op == ADD and name in entries:
            raise BadEntry(f"there is a {kind} {name} already: change it, or choose another name")
        if op in (CHANGE, REMOVE) and name not in entries:
            raise BadEntry(f"there is no {kind} {name} to {op}: known are {', '.join(_of(entries, kind)) or 'none'}")
        if op == REMOVE:
            del entries[name]
        elif op in (ADD, CHANGE):
            entries[name] = parse_entry(kind, {**(_known(entries[name], edit) if op == CHANGE else {}), **edit})
        else:
            raise BadEntry(f"the op of {name} is {op!r}: it is add, change or remove")
    changed = make_library(library.about, list(entries.values()))
    if changed == library:
        raise BadEntry("these edits change nothing")
    return changed


def changes_between(before: Library, after: Library) -> list[tuple[str, str]]:
    """The operation on each entry that differs: sorted pairs of op and name."""
    old, new = ({entry.name: entry for entry in one.entries} for one in (before, after))
    found = [(ADD, name) for name in new if name not in old] + [(REMOVE, name) for name in old if name not in new]
    return sorted([*found, *((CHANGE, name) for name in old if name in new and old[name] != new[name])])


def without(library: Library, name: str) -> Library:
    """The library without an entry."""
    return make_library(library.about, [entry for entry in library.entries if entry.name != name])


def _known(entry: Entry, edit: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry that an edit keeps: a new prompt replaces the code, and new code the prompt."""
    fields = {**literal_fields(entry), **({"code": entry.code} if entry.code else {})}
    if entry.kind == TOOL and (edit.get("code") or edit.get("prompt")):
        fields = {key: value for key, value in fields.items() if key not in ("code", "prompt")}
    return fields


def _of(entries: Mapping[str, Entry], kind: str) -> Iterator[str]:
    return (name for name, entry in entries.items() if entry.kind == kind)


def _json_in(reply: str) -> Any:
    """The JSON in a reply: the whole, a fenced block, or the text between the outermost braces; None without any."""
    start, end = reply.find("{"), reply.rfind("}")
    for text in (reply, *_FENCED.findall(reply), reply[start : end + 1]):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            continue
    return None
