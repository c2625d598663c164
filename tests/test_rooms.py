"""The floors: a room imports only from rooms below it, and what is heavy is imported where it is used."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from meta_reward.harness.confinement import runtime_modules

PACKAGE = Path(__file__).parents[1] / "meta_reward"
# From the roof down. A module beside the rooms is ground: all may import it, and it imports ground alone.
FLOORS = "cli report use search propose run kinds evaluation harness models tasks".split()
GROUND = len(FLOORS)
# The offline world stands beside the tower: it may import all of it, and is imported where it is asked for by name.
OFFLINE = "offline"
MAY_NAME_OFFLINE = ["models/registry.py", "propose/registry.py", "search/mpo/policies.py", "tasks/registry.py"]
MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Full names of all that a module imports, wherever in it; `from package import x` names x too."""
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def floor_of(room: str) -> int:
    return FLOORS.index(room) if room in FLOORS else GROUND


def test_every_folder_is_a_room_with_a_floor() -> None:
    assert sorted(p.parent.name for p in PACKAGE.glob("*/__init__.py")) == sorted([*FLOORS, OFFLINE])


def test_the_offline_world_is_imported_by_registries_alone_and_lazily() -> None:
    others = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] != OFFLINE]
    assert [name_of(path) for path in others if "meta_reward.offline" in path.read_text()] == MAY_NAME_OFFLINE
    at_the_top = [
        name_of(path)
        for path in others
        for node in tree_of(path).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "meta_reward.offline" in ast.unparse(node)
    ]
    assert at_the_top == []


IN_THE_TOWER = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] != OFFLINE]


def test_imports_point_down_the_floors() -> None:
    assert {name_of(path): upward for path in IN_THE_TOWER if (upward := upward_imports(path))} == {}


def upward_imports(path: Path) -> list[str]:
    parts = path.relative_to(PACKAGE).parts
    room = parts[0] if len(parts) > 1 else ""
    return [
        name
        for name in imports_of(path)
        if name.split(".")[0] == "meta_reward"
        and room_of(name) not in (room, OFFLINE)
        and not (floor_of(room_of(name)) == floor_of(room) == GROUND)
        and floor_of(room_of(name)) <= floor_of(room)
    ]


def test_what_candidates_see_needs_the_standard_library_alone() -> None:
    ours = ("meta_reward.harness.", "meta_reward.trajectory.")
    foreign = [
        (name_of(path), module)
        for path in runtime_modules()
        for module in imports_of(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith(ours)
    ]
    assert foreign == []


def test_git_is_imported_in_one_module_only() -> None:
    users = [name_of(p) for p in MODULES if any(name.split(".")[0] == "git" for name in imports_of(p))]
    assert users == ["run/git_process.py"]


def test_programs_are_parsed_by_the_inspector_the_sandbox_and_the_catalog_alone() -> None:
    """Each of them a process of its own, so that no candidate's text reaches the parser of the one that searches."""
    own_process = ("harness/validate/source.py", "harness/child.py", "offline/proposer/")
    calls = re.compile(r"\bast\.(parse|literal_eval)\(|(?<![\w.])(compile|eval|exec)\(")
    users = [name_of(p) for p in MODULES if calls.search(p.read_text()) and not name_of(p).startswith(own_process)]
    assert users == []


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = """
import sys
from meta_reward.cli import main
sys.argv[0] = "meta-reward"
try:
    main()
finally:
    heavy = set("git jinja2 numpy rich orjson asyncio anthropic openai claude_agent_sdk meta_reward.search".split())
    print("heavy:", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_looking_at_a_run_imports_no_judge_and_no_client() -> None:
    program = "import sys, meta_reward.report.status; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"git", "anthropic", "openai", "claude_agent_sdk", "importlib.metadata", "meta_reward.offline.judge"}
    assert heavy & set(done.stdout.split()) == set()


def test_every_module_opens_with_its_purpose() -> None:
    assert [name_of(p) for p in MODULES if not ast.get_docstring(tree_of(p))] == []
