"""The guard by itself: what is allowed comes back with its paths resolved, and all else is refused."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meta_reward.propose.guard import Bounds, Refused, check


@pytest.fixture
def bounds(tmp_path: Path) -> Bounds:
    """A history, a staging folder, and links between them and the outside."""
    for name in ("history", "staging", "sealed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    (tmp_path / "staging" / "out").symlink_to(tmp_path / "sealed")
    (tmp_path / "staging" / "in").symlink_to(tmp_path / "history")
    (tmp_path / "staging" / "same.txt").hardlink_to(tmp_path / "sealed" / "a.txt")
    return Bounds((tmp_path / "history",), tmp_path / "staging", own=("mcp__ours",))


@pytest.mark.parametrize(
    ("tool", "arguments", "resolved"),
    [
        ("Read", {"file_path": "in/a.txt"}, {"file_path": "history/a.txt"}),
        ("Read", {"file_path": "./new/../a.txt"}, {"file_path": "staging/a.txt"}),
        ("Write", {"file_path": "new/b.txt", "content": ""}, {"file_path": "staging/new/b.txt"}),
        ("Grep", {"pattern": "x"}, {"path": "staging"}),
        ("Grep", {"pattern": "-e ../x", "path": "in"}, {"path": "history"}),
        ("Glob", {"pattern": "**/*.py", "path": "../history"}, {"path": "history"}),
        ("mcp__ours", {"path": "anything"}, {}),
    ],
)
def test_paths_are_resolved(bounds: Bounds, tool: str, arguments: dict[str, str], resolved: dict[str, str]) -> None:
    expected = {name: str(bounds.write.parent / path) for name, path in resolved.items()}
    assert check(tool, arguments, bounds) == {**arguments, **expected}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("Read", {"file_path": "out/a.txt"}),
        ("Read", {"file_path": "../sealed/a.txt"}),
        ("Read", {"file_path": None}),
        ("Read", {"file_path": ["a.txt"]}),
        ("Read", {}),
        ("Read", {"file_path": "a.txt", "follow": True}),
        ("Write", {"file_path": "in/a.txt", "content": ""}),
        ("Write", {"file_path": "same.txt", "content": ""}),
        ("Write", {"file_path": "b.txt", "content": "x" * 300_000}),
        ("Edit", {"file_path": "../history/a.txt", "old_string": "h", "new_string": "x"}),
        ("Grep", {"pattern": "x", "path": "out"}),
        ("Grep", {"pattern": "x", "glob": "../**"}),
        ("Glob", {"pattern": "/etc/*"}),
        ("Glob", {"pattern": 7}),
        ("Bash", {"command": "ls"}),
        ("read", {"file_path": "a.txt"}),
        ("mcp__theirs", {}),
        ("", {}),
    ],
)
def test_all_else_is_refused(bounds: Bounds, tool: str, arguments: dict[str, object]) -> None:
    with pytest.raises(Refused):
        check(tool, arguments, bounds)


@given(st.text(alphabet="./~ab\\\n\u2025 %$@-out", max_size=24))
@example("out/./../out/a.txt")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leads_out_whatever_it_looks_like(bounds: Bounds, path: str) -> None:
    roots = [os.path.realpath(root) for root in (*bounds.read, bounds.write)]
    try:
        checked = check("Read", {"file_path": path}, bounds)["file_path"]
    except Refused:
        return
    real = os.path.realpath(checked)
    assert real == checked
    assert any(real == root or real.startswith(root + os.sep) for root in roots)
