"""How a zygote is started at each level of the sandbox, and what it can see of the machine.

`strict`    bubblewrap (own namespaces, no network, an almost empty file system) and lockdown
`locked`    lockdown alone, for containers in which bubblewrap cannot make namespaces
`none`      a plain process: the only level on macOS

At every level a zygote gets a clean environment and a single open descriptor, its socket.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import orjson

from meta_reward.errors import UsageError
from meta_reward.harness import worker
from meta_reward.harness.budget import Budget
from meta_reward.harness.level import Level

_PACKAGE = Path(worker.__file__).parents[1]
_IMPORT = re.compile(r"^from (meta_reward[\w.]*) import (.+)$", re.MULTILINE)
# Parts of the standard library that no harness needs.
_NOT_FOR_HARNESSES = (
    *("site-packages", "dist-packages", "config-", "distutils", "ensurepip", "idlelib", "lib2to3", "test", "tkinter"),
    *("turtledemo", "venv"),
)
_SETTLED_S = 40_000  # less than half a day
_SHOWN_AT = "/runtime"  # where a strict sandbox shows the modules of the runtime


def worker_command(level: Level, budget: Budget, packages: Sequence[str] = ()) -> list[str]:
    """The command line of a zygote, without its last argument, the descriptor of its end of the control socket."""
    locked = level in ("strict", "locked")
    settings = {
        "limits": {"cpu_s": budget.cpu_s, "memory_mb": budget.memory_mb},
        "locked": locked,
        "readable": [str(path) for path in readable_paths(packages)] if locked else [],
        "packages": list(packages),
        "package_folders": sorted({str(path.parent) for path in package_paths(packages)}),
    }
    python = [str(interpreter()), "-P", "-s", "-S", "-B", "-m", worker.__name__]
    return [*_around(level, packages), *python, orjson.dumps(settings).decode()]


def worker_environment(level: Level) -> Mapping[str, str]:
    """A zygote's environment, which it clears once it has started."""
    where = _SHOWN_AT if level == "strict" else str(_PACKAGE.parent)
    one_thread = {
        f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")
    }  # a zygote must stay single-threaded
    return {"PYTHONPATH": where, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", **one_thread}


@cache
def runtime_modules() -> tuple[Path, ...]:
    """The files of this package that a sandbox shows: the worker, and the modules that it imports."""
    found, waiting = set[Path](), [worker.__name__]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path is not None and path not in found:
            found.add(path)
            waiting.append(name.rpartition(".")[0])  # the package that it is in
            for package, names in _IMPORT.findall(path.read_text()):
                waiting += [package, *(f"{package}.{imported}" for imported in names.split(", "))]
    return tuple(sorted(found))


def _file_of(name: str) -> Path | None:
    """The file of a module of this package; None for a name that is not a module."""
    path = _PACKAGE.joinpath(*name.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def interpreter() -> Path:
    """The Python itself, not a virtual environment's link to it."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def package_paths(packages: Sequence[str]) -> list[Path]:
    """The files and folders that installed packages consist of. Raises UsageError for one that is not installed."""
    return [path for name in packages for path in _package_paths(name)]


@cache
def _package_paths(name: str) -> tuple[Path, ...]:
    """name: as in an import statement, such as `yaml` of the distribution PyYAML."""
    import importlib.metadata

    distributions = importlib.metadata.packages_distributions().get(name)
    if not distributions:
        what = f"package {name} is not installed in {sys.prefix}"
        raise UsageError(what, hint=f"install what provides `import {name}`, or drop it from packages")
    return tuple(sorted({path for each in distributions for path in _distribution_paths(each)}))


def _distribution_paths(name: str) -> Iterator[Path]:
    import importlib.metadata

    distribution = importlib.metadata.distribution(name)
    root = Path(str(distribution.locate_file("")))
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    return (root / top for top in tops if (root / top).exists())


def readable_paths(packages: Sequence[str]) -> list[Path]:
    """The files and folders that a child may read: the standard library without installed packages, shared libraries,
    time zones, and the allowed packages. Looked up once per process."""
    return list(_readable_paths(Path(sysconfig.get_path("stdlib")), tuple(packages)))


@cache
def _readable_paths(library: Path, packages: tuple[str, ...]) -> tuple[Path, ...]:
    real = library.resolve()
    own = [path for path in sorted(library.iterdir()) if not path.name.startswith(_NOT_FOR_HARNESSES)]
    targets = {path: path.resolve() if path.is_symlink() else real / path.name for path in own}  # few are links
    # Debian links its sitecustomize to /etc, which a strict sandbox does not have.
    once = {target: path for path, target in targets.items() if target.is_relative_to(real)}
    once |= {path.resolve(): path for path in (*shared_libraries(), *time_zones(), *package_paths(packages))}
    return tuple(once.values())


def settle(packages: Sequence[str]) -> None:
    """Read a byte of every file that children may read, so that no child is the first to read one.

    The kernel records when a file was read, at most once a day (unless mounted `strictatime`), and caches its
    content. By access time or by timing, a child could otherwise learn what an earlier one has read.
    """
    _settle(tuple(packages), int(time.time() // _SETTLED_S))


@cache
def _settle(packages: tuple[str, ...], period: int) -> None:
    for top in readable_paths(packages):
        for path in _files_below(str(top)):
            _read_a_little(path)


def _files_below(top: str) -> Iterator[str]:
    """A file itself, or all files below a folder. Plain strings: there are thousands, in each process."""
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        yield entry.path
        except NotADirectoryError:
            yield folder
        except OSError:
            continue


def _read_a_little(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.read(descriptor, 1)
        finally:
            os.close(descriptor)


def shared_libraries() -> list[Path]:
    """The folders in which the interpreter and its extension modules find the libraries that they are linked to."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [Path(base) / triplet for base in ("/lib", "/usr/lib")] if triplet else []
    folders += [Path("/lib64"), Path("/usr/lib64"), Path("/etc/ld.so.cache")]
    beside = sorted((Path(sys.base_prefix) / "lib").glob("lib*.so*")) if sys.base_prefix != "/usr" else []
    return [path for path in [*folders, *beside] if path.exists()]


def time_zones() -> list[Path]:
    """The folders in which `zoneinfo` looks for the machine's time zones."""
    folders = (sysconfig.get_config_var("TZPATH") or "").split(os.pathsep)
    return [Path(folder) for folder in folders if folder and Path(folder).is_dir()]


def _around(level: Level, packages: Sequence[str]) -> list[str]:
    """The command that goes before the interpreter."""
    if level == "strict":
        return [_program("bwrap"), *_BWRAP, *_mounts(packages), "--remount-ro", "/", "--chdir", "/", "--"]
    return []


def _program(name: str) -> str:
    """The path of a program on the user's PATH, which a zygote's environment does not have. Raises UsageError."""
    if (path := shutil.which(name)) is None:
        raise UsageError(f"there is no {name} on PATH")
    return path


_BWRAP = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
    *("--cap-drop", "ALL", "--hostname", "sandbox"),
)


def _mounts(packages: Sequence[str]) -> Iterator[str]:
    library = sysconfig.get_path("stdlib")
    yield from ("--dev-bind", os.devnull, os.devnull)
    for path in (*shared_libraries(), *time_zones(), interpreter(), Path(library)):
        yield from ("--ro-bind", str(path), str(path))
    for installed in ("site-packages", "dist-packages"):
        if (Path(library) / installed).is_dir():
            yield from ("--tmpfs", f"{library}/{installed}")
    for path in package_paths(packages):
        yield from ("--ro-bind", str(path), str(path))
    for module in runtime_modules():
        for path in _as_source_and_compiled(module):
            yield from ("--ro-bind", str(path), f"{_SHOWN_AT}/meta_reward/{path.relative_to(_PACKAGE)}")


def _as_source_and_compiled(source: Path) -> list[Path]:
    """A module's source, and its cached bytecode if there is any, so that no zygote compiles it again."""
    compiled = Path(importlib.util.cache_from_source(str(source)))
    return [source, compiled] if compiled.is_relative_to(_PACKAGE) and compiled.exists() else [source]
