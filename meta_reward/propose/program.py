"""Finds what must be visible for a command line to start: its program, its interpreter, and what these depend on.

Follows links, `#!` lines, Python virtual environments, node packages, and the shims of version managers such as pyenv
(`~/.pyenv/shims/python3`), which look for the real program in their manager's folder. The system's own folders are
visible anyway. The user has to name anything else that a program needs.
"""

import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import UsageError

SYSTEM = tuple(map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store")))
_LONGEST_CHAIN = 5


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, and what it needs in order to start."""

    command: tuple[str, ...]
    """The command line with absolute paths."""
    needs: tuple[Path, ...]
    """The paths that it must see, apart from the system's folders."""
    folders: tuple[Path, ...]
    """The folders that its PATH must begin with."""


def find_program(command: Sequence[str]) -> Program:
    """What a command line needs, including files named in it. Raises UsageError if there is no such program."""
    found = _which(command[0])
    if found is None:
        what = f"proposer {command[0]} does not start: no such program"
        raise UsageError(what, hint="give its path, or put it on PATH")
    chain = list(_chain(found))
    words, named = [str(found)], []
    for word in command[1:]:
        path = Path(word)
        is_file = not word.startswith("-") and _is_file(path)
        words.append(str(path.absolute()) if is_file else word)
        named += [path.absolute()] if is_file else []
    needs = [need for program in chain for need in _needs_of(program)] + named
    return Program(
        tuple(words),
        tuple(dict.fromkeys(need for need in needs if not is_system(need))),
        tuple(dict.fromkeys(program.parent for program in chain if not is_system(program))),
    )


def is_system(path: Path) -> bool:
    """Whether a path is in the system's folders, which every jail shows."""
    return any(path.is_relative_to(folder) for folder in SYSTEM)


def _which(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).absolute() if found else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or not a valid path
        return False


def _chain(program: Path) -> Iterator[Path]:
    """A program, the interpreter in its first line, the interpreter of that, and so on."""
    current: Path | None = program
    for _ in range(_LONGEST_CHAIN):
        if current is None:
            return
        yield current
        current = _interpreter_of(current)


def _interpreter_of(program: Path) -> Path | None:
    try:
        with program.open("rb") as file:
            line = file.readline(1000)
        words = shlex.split(line[2:].decode()) if line.startswith(b"#!") else []
    except (OSError, ValueError):
        return None
    if words and Path(words[0]).name == "env" and _which(words[0]):
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    found = _which(words[0]) if words else None
    if words and found is None:
        what = f"proposer {program} does not start: its first line asks for {words[0]}, which is not there"
        raise UsageError(what, hint="install it, or fix that line")
    return found


def _needs_of(program: Path) -> Iterator[Path]:
    """The paths that a program depends on: itself, the target of its links, its environment or package."""
    yield program
    real = program.resolve()
    yield real
    if (manager := _manager_of(program)) is not None:
        yield manager
    settings = program.parent.parent / "pyvenv.cfg"
    if settings.is_file():
        yield settings.parent
    if real.name.startswith("python") and _is_prefix(real.parent.parent):
        yield real.parent.parent
    for folder in real.parents:
        inside = (folder.parent.name, folder.parent.parent.name if folder.parent.name.startswith("@") else "")
        if "node_modules" in inside and (folder / "package.json").is_file():
            yield folder
            return


def _manager_of(program: Path) -> Path | None:
    """The folder of a version manager if the program is one of its shims: `ROOT/shims/NAME` next to `ROOT/versions`."""
    root = program.parent.parent
    is_shim = program.parent.name == "shims" and (root / "versions").is_dir()
    return root if is_shim and not Path.home().is_relative_to(root) else None


def _is_prefix(folder: Path) -> bool:
    """Whether a folder is a Python installation of its own, and not one that contains the user's home."""
    return any(folder.glob("lib/python3*")) and not Path.home().is_relative_to(folder)
