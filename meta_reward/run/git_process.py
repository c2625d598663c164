"""Running git, through GitPython: no other module does either."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from meta_reward.errors import GitError, UsageError


def run_git(root: Path, *arguments: str, stdin: BinaryIO | None = None) -> str:
    """The text that a git command prints, without its last newline. Raises like `output_of_git`."""
    return os.fsdecode(output_of_git(root, *arguments, stdin=stdin)).removesuffix("\n")


def output_of_git(root: Path, *arguments: str, stdin: BinaryIO | None = None) -> bytes:
    """What a git command prints. Raises GitError if it fails, UsageError if there is no git.

    stdin: a file with what it reads.
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
    """Names the repository explicitly, and disables the user's configuration."""
    return {
        "GIT_DIR": str(root / ".git"),
        "GIT_WORK_TREE": str(root),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


@contextmanager
def _without_git_variables() -> Iterator[None]:
    """Take GIT_* variables (those of a hook, for example) out of the environment, and put them back afterwards."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(taken)


def _complaint(stderr: str) -> str:
    """The line that says what is wrong, from all the output of a failing git."""
    lines = [line.strip(" '") for line in stderr.strip().removeprefix("stderr:").splitlines() if line.strip(" '")]
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "")
