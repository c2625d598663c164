"""The doctor's rows: what works is tried, what does not says how to fix it, and no key is ever shown."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from meta_reward.harness.levels import choose_level
from meta_reward.propose import shell
from meta_reward.report import doctor
from meta_reward.report.doctor import Row, can_search_offline, disk_row, git_row, key_rows, render_rows

GIB = 1024**3


def program(folder: Path, name: str, script: str) -> Path:
    """A program of this name, a shell script, in a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def agent(path: Path | None) -> Row:
    return asyncio.run(doctor._agent_row("agent", str(path) if path else None))


def test_git_that_works_is_known_by_its_version() -> None:
    row = git_row()
    assert (row.state, row.fix) == ("ok", "")
    assert row.what[0].isdigit()


def test_git_that_is_too_old_for_a_run_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = 'test "$1" = version && echo git version 2.20.1 && exit; echo "error: unknown option" >&2; exit 129'
    program(tmp_path / "bin", "git", old)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    expected = Row("git", "fail", "2.20.1: git init: error: unknown option", "install git 2.28 or later")
    assert git_row() == expected


def test_git_that_makes_no_repository_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "git", "echo git version 9.9")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    row = git_row()
    assert (row.state, row.fix) == ("fail", "install git 2.28 or later")
    assert row.what.startswith("9.9: ")
    assert row.what.endswith("git init: it created no repository")


def test_git_that_commits_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("git")
    program(tmp_path / "bin", "git", f'case "$*" in *init*) exec {real} "$@";; version) echo git version 9.9;; esac')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert git_row() == Row("git", "fail", "9.9 does not find its own commit", "install git 2.28 or later")


def test_sandbox_row_names_the_level_that_a_search_would_take() -> None:
    row = asyncio.run(doctor.sandbox_row())
    level = asyncio.run(choose_level())
    assert (row.what.partition(";")[0], row.state) == (level, "ok" if level == "strict" else "warn")


def test_claude_row_tells_of_the_tools_that_a_session_would_have() -> None:
    row = asyncio.run(doctor.claude_row())
    what = (
        f"file tools and no shell: {shell.why_not()}" if shell.why_not() else "a shell, inside the operating system's "
    )
    assert row.what.startswith(what)
    assert (row.state, bool(row.fix)) == (("warn", True) if shell.why_not() else ("ok", False))


@pytest.mark.parametrize(("state", "expected"), [("sk-ant-12345", "set"), ("", "set, and empty"), (None, "not set")])
def test_key_is_told_to_be_there_and_not_shown(state: str | None, expected: str) -> None:
    environment = {} if state is None else {"OPENAI_API_KEY": state}
    row = next(row for row in key_rows(environment) if row.name == "OPENAI_API_KEY")
    assert row == Row("OPENAI_API_KEY", "ok" if expected == "set" else "absent", f"{expected} (models of OpenAI)")


def test_folder_that_is_not_there_yet_has_the_room_of_its_disk(tmp_path: Path) -> None:
    row = disk_row("disk", tmp_path / "a" / "b", "go elsewhere", least=0, plenty=0)
    assert (row.state, row.fix) == ("ok", "")
    assert row.what.endswith(f" GiB free for {tmp_path}/a/b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("least", "state"), [(0, "warn"), (10**18, "fail")])
def test_disk_that_fills_up_says_so(tmp_path: Path, least: int, state: str) -> None:
    row = disk_row("disk", tmp_path, "go elsewhere", least=least, plenty=10**18)
    assert (row.state, row.fix) == (state, "free some space, or go elsewhere")
    assert "a search on skyways takes 0.1 GiB" in row.what


def test_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    expected = Row("disk", "fail", f"{tmp_path}/runs cannot be written: Not a directory", "go elsewhere")
    assert disk_row("disk", tmp_path / "runs" / "a", "go elsewhere") == expected


def test_no_folder_for_temporary_files_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_usable() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none_is_usable)
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    rows = doctor.disk_rows()
    assert rows[-1].fix == "set TMPDIR to another folder"
    assert git_row().state == "fail"


def test_agent_is_known_by_what_it_says_of_its_version(tmp_path: Path) -> None:
    path = program(tmp_path, "agent", 'echo "agent 1.2"; echo more')
    assert agent(path) == Row("agent", "ok", f"agent 1.2 at {path}")


def test_agent_of_the_sdk_answers() -> None:
    path = doctor.bundled_claude()
    assert path is not None
    assert agent(path).what.endswith(f"(Claude Code) at {path}")


@pytest.mark.parametrize(
    ("script", "problem"),
    [("exit 3", "exit code 3"), ("sleep 60 & sleep 60", "no answer within 0.5 s"), ("kill -9 $$", "exit code -9")],
)
def test_agent_that_does_not_answer_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    monkeypatch.setattr(doctor, "_PATIENCE_S", 0.5)
    path = program(tmp_path, "agent", script)
    fix = "install it again, or take it off PATH"
    assert agent(path) == Row("agent", "warn", f"{path} does not run: {problem}", fix)


def test_agent_that_cannot_be_started_is_a_warning(tmp_path: Path) -> None:
    path = program(tmp_path, "agent", "")
    path.write_text("#!/nowhere/at-all\n")
    assert agent(path).state == "warn"


def test_missing_agent_is_no_fault() -> None:
    assert agent(None) == Row("agent", "absent", "not found")


def test_only_what_fails_stands_in_the_way_of_a_search() -> None:
    rows = [Row("a", "ok", ""), Row("b", "warn", ""), Row("c", "absent", "")]
    assert can_search_offline(rows)
    assert not can_search_offline([*rows, Row("d", "fail", "")])


def test_fix_stands_under_what_it_mends() -> None:
    text = render_rows([Row("git", "fail", "gone", "install it"), Row("disk", "ok", "1 GiB \x1b[31m")])
    assert text.splitlines() == ["FAIL  git   gone", "            fix: install it", "ok    disk  1 GiB \\u001b[31m"]
