"""Running git. Only this module starts git or uses GitPython."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from meta_reward.errors import GitError, UsageError


def run_git(root: Path, *arguments: str, stdin: BinaryIO | None = None) -> str:
    """The text that a git command prints, without the final newline. Raises like `output_of_git`."""
    return os.fsdecode(output_of_git(root, *arguments, stdin=stdin)).removesuffix("\n")


def output_of_git(root: Path, *arguments: str, stdin: BinaryIO | None = None) -> bytes:
    """What a git command prints. Raises GitError if it fails, UsageError if git is not installed.

    stdin: a file that the command reads as its standard input.
    """
    try:
        from git import Git
        from git.exc import GitCommandError, GitCommandNotFound
    except ImportError as error:  # GitPython fails to import without git
        raise UsageError("git does not run on this machine", hint="install git, or put it on PATH") from error
    root = root.resolve()
    try:
        # In a session of its own, so that Ctrl-C reaches us and not git in the middle of a write.
        with _without_git_variables():
            output = Git(str(root)).execute(
                ["git", *arguments],
                istream=stdin,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=_environment(root),
                start_new_session=True,
            )
    except GitCommandNotFound as error:
        raise UsageError("git does not run on this machine", hint="install git, or put it on PATH") from error
    except GitCommandError as error:
        command = arguments[2] if arguments[0] == "-c" else arguments[0]
        killed = error.status == -signal.SIGKILL
        raise GitError(root, command, "killed" if killed else _complaint(str(error.stderr)), killed=killed) from None
    assert isinstance(output, bytes)
    return output


def _environment(root: Path) -> dict[str, str]:
    """Environment variables that name the repository explicitly and disable the user's configuration."""
    return {
        "GIT_DIR": str(root / ".git"),
        "GIT_WORK_TREE": str(root),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


@contextmanager
def _without_git_variables() -> Iterator[None]:
    """Remove GIT_* variables (such as those of a hook) from the environment for the block."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(taken)


def _complaint(stderr: str) -> str:
    """The line in the output of a failing git that says what is wrong."""
    lines = [line.strip(" '") for line in stderr.strip().removeprefix("stderr:").splitlines() if line.strip(" '")]
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "")
