"""Whether a shell can be confined is found out by confining one, not by looking for programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.propose import guard, shell
from meta_reward.propose.claude.agent import ClaudeProposer
from meta_reward.run.settings import ProposerSettings


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    shell.why_not.cache_clear()
    yield folder
    shell.why_not.cache_clear()


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_missing_programs_are_named(programs: Path) -> None:
    assert shell.why_not() == "bwrap and socat are not installed"
    install(programs, "bwrap", "true")
    shell.why_not.cache_clear()
    assert shell.why_not() == "socat is not installed"


@pytest.mark.parametrize(
    ("bwrap", "socat", "said"),
    [
        (
            "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1",
            "true",
            "setting up uid map: Permission de",
        ),
        ("exit 0", "cat", "exit code 0"),
        ('while [ "$1" != -- ]; do shift; done; shift; exec "$@"', "cat", "exit code 0"),  # confines nothing
    ],
)
def test_programs_that_are_there_and_confine_nothing_will_not_do(
    programs: Path, bwrap: str, socat: str, said: str
) -> None:
    install(programs, "bwrap", bwrap)
    install(programs, "socat", socat)
    assert shell.why_not().startswith("bubblewrap and socat do not confine a shell: ")
    assert said in shell.why_not()


def test_shell_that_was_asked_for_and_cannot_be_confined_stops_before_a_session(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-dummy")
    ClaudeProposer("m", ProposerSettings()).check()
    ClaudeProposer("m", ProposerSettings(tools=guard.FILE_TOOLS)).check()
    with pytest.raises(
        UsageError, match="cannot confine the agent's shell: bwrap and socat are not installed: install"
    ):
        ClaudeProposer("m", ProposerSettings(tools=(guard.SHELL,))).check()
