"""Decides which tool calls of an agent are allowed, from the call and the folders that the agent works in.

Uses no SDK and keeps no state; it only looks at the file system. Everything that is not known to be harmless is
refused: a tool that is not listed, an unknown argument, a path that leaves its folders once links and `..` are
resolved, and any spelling of a path that another program could read differently. An allowed call is returned with its
paths resolved. Run that call, not the original, so that the path that was checked is the one that is opened.
"""

import os
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_WRITE_CHARS = 256 * 1024
_READERS = {"Read": "file_path", "Grep": "path", "Glob": "path"}
_WRITERS = {"Write": "file_path", "Edit": "file_path"}
_ARGUMENTS = {
    "Read": {"file_path", "offset", "limit", "pages"},
    "Grep": {
        *("pattern", "path", "glob", "type", "output_mode", "-A", "-B", "-C", "context", "-n", "-i", "-o"),
        *("head_limit", "offset", "multiline"),
    },
    "Glob": {"pattern", "path"},
    "Write": {"file_path", "content"},
    "Edit": {"file_path", "old_string", "new_string", "replace_all"},
    "Bash": {"command", "description", "timeout"},
}
FILE_TOOLS = ("Read", "Grep", "Glob", "Write", "Edit")
SHELL = "Bash"


class Refused(Exception):
    """A tool call that is not allowed; the message is for the agent."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where an agent may work, and with which tools."""

    read: tuple[Path, ...]
    """Folders that it may read."""
    write: Path
    """The one folder that it may read and write."""
    tools: Collection[str] = FILE_TOOLS
    own: Collection[str] = ()
    """Tools of this package, which check their arguments themselves."""


def check(tool: str, arguments: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
    """The arguments to run the call with, paths resolved. Raises Refused if it is not allowed."""
    if tool in bounds.own:
        return dict(arguments)
    if tool not in bounds.tools or tool not in _ARGUMENTS:
        raise Refused(f"there is no tool {tool!r} here; there are {', '.join([*bounds.tools, *bounds.own])}")
    unknown = sorted(set(arguments) - _ARGUMENTS[tool])
    if unknown:
        raise Refused(f"{tool} does not take the argument {unknown[0]!r} here")
    checked = dict(arguments)
    if tool in _READERS:
        name = _READERS[tool]
        given = arguments.get(name, str(bounds.write) if name == "path" else None)
        checked[name] = str(_inside(given, bounds, (*bounds.read, bounds.write), "read"))
    elif tool in _WRITERS:
        name = _WRITERS[tool]
        checked[name] = str(_inside(arguments.get(name), bounds, (bounds.write,), "write"))
    for name in ("pattern",) if tool == "Glob" else ("glob", "type") if tool == "Grep" else ():
        _check_pattern(arguments.get(name, ""), name)
    if any(isinstance(value, str) and len(value) > MAX_WRITE_CHARS for value in arguments.values()):
        raise Refused(f"more than {MAX_WRITE_CHARS} characters at once")
    return checked


def _inside(given: object, bounds: Bounds, roots: tuple[Path, ...], verb: str) -> Path:
    """A path with links and `..` resolved. Raises Refused unless it is within one of the folders."""
    if not isinstance(given, str) or not given or not _is_plain(given):
        raise Refused(f"{given!r:.200} is not a plain path")
    real = Path(os.path.realpath(bounds.write / given))
    if not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
        raise Refused(f"{given!r:.200} is outside: you may {verb} in {' and '.join(map(str, roots))} only")
    if real.exists() and not (real.is_file() or real.is_dir()):
        raise Refused(f"{given!r:.200} is neither a file nor a folder")
    if verb == "write" and real.is_file() and real.stat().st_nlink > 1:
        raise Refused(f"{given!r:.200} has another hard link elsewhere")
    return real


def _is_plain(path: str) -> bool:
    """Whether every program reads a path the same way: nothing to trim, expand, decode or normalise."""
    return (
        path == path.strip()
        and path.isprintable()
        and unicodedata.normalize("NFKC", path) == path
        and not path.startswith(("~", "-", "@"))
        and not any(mark in path for mark in ("\\", "$", "://", "%"))
    )


def _check_pattern(given: object, name: str) -> None:
    if not isinstance(given, str):
        raise Refused(f"{name} is not text")
    if given.startswith(("/", "~", "-", "\\")) or ".." in given or not given.isprintable():
        raise Refused(f"{name} {given!r:.200} may not leave its folder; say where with `path`")
