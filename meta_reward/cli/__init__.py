"""The command line: `meta-reward COMMAND`. Commands parse, call and print.

A command's module is imported when it is used or listed, and imports what is heavy inside its functions. Exit codes:
0 done; 1 the user's or the data's fault, in one line; 2 wrong usage; 3 a bug of ours, with the path of a log; 4 stopped
at a limit; 5 the agreement is below --fail-under; 130 interrupted.
"""

import importlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import click

from meta_reward.cli.common import STOPPED
from meta_reward.errors import DataError, LimitReached, MetaRewardError, OtherVersion
from meta_reward.run.query_table import QUERIES

_HEADINGS = {
    "A run": {
        "search": "meta_reward.cli.search",
        "status": "meta_reward.cli.status",
        "test": "meta_reward.cli.test",
        "runs": "meta_reward.cli.runs",
        "add": "meta_reward.cli.add",
        "choose": "meta_reward.cli.choose",
    },
    "Look at it": {"report": "meta_reward.cli.report", "view": "meta_reward.cli.view"},
    "Ask about a run": {
        **{query.name: "meta_reward.cli.queries" for query in QUERIES},
        "try": "meta_reward.cli.tryout",
    },
    "The result": {
        "score": "meta_reward.cli.score",
        "export": "meta_reward.cli.export",
        "serve": "meta_reward.cli.serve",
    },
    "A harness": {"evaluate": "meta_reward.cli.evaluate", "validate": "meta_reward.cli.validate"},
    "Data": {"import": "meta_reward.cli.imports", "tasks": "meta_reward.cli.tasks"},
    "Studies": {"study": "meta_reward.cli.study"},
    "More": {
        "judge": "meta_reward.cli.judge",
        "library": "meta_reward.cli.library",
        "cache": "meta_reward.cli.cache",
        "doctor": "meta_reward.cli.doctor",
    },
}
_COMMANDS = {name: module for commands in _HEADINGS.values() for name, module in commands.items()}


class _Commands(click.Group):
    """The commands. Each is loaded from its module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = module.COMMANDS[cmd_name] if hasattr(module, "COMMANDS") else module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under their headings, in one column."""
        width = max(map(len, _COMMANDS))
        room = formatter.width - 6 - width
        for heading, names in _HEADINGS.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            with formatter.section(heading):
                rows = [(name.ljust(width), found.get_short_help_str(room)) for name, found in commands if found]
                formatter.write_dl(rows)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="meta-reward")
def app() -> None:
    """Search over the harness around an LLM judge until its rewards agree with trusted preferences.

    \b
    meta-reward search tasks/skyways --run night-1     search, resume, extend
    meta-reward status night-1                         where it stands
    meta-reward test night-1                           open the sealed split

    Commands that look at a run take the newest one if none is named.
    """


def main() -> None:
    """Run the command line and exit with its code."""
    # A request to end is handled in the same way as Ctrl-C.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    sys.exit(_run())


def _way_back(error: MetaRewardError) -> str:
    """How to restore the damaged file of a run that an error is about, or to go on without it; "" for any other."""
    from meta_reward.run.git import way_back
    from meta_reward.run.layout import Layout

    if not isinstance(error, DataError) or isinstance(error, OtherVersion):
        return ""
    if command := way_back(error.path):
        return f"; as it was committed last: {command}"
    if Layout(Path()).work.name in error.path.parts:
        return "; git has no copy: move it away, and what it held is done or counted again"
    return ""


def _run() -> int:
    try:
        code = app.main(prog_name="meta-reward", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except MetaRewardError as error:
        from meta_reward.files import printable

        click.echo(f"meta-reward: {printable(str(error))}{_way_back(error)}", err=True)
        return STOPPED if isinstance(error, LimitReached) else 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("meta-reward: interrupted; what was finished is on disk, and the same command continues", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # the machine's: a full disk, a folder without permission
        from meta_reward.files import HINTS

        where, hint = error.filename or "a file", HINTS.get(error.errno or 0, "free space, or choose another folder")
        click.echo(f"meta-reward: {where}: {error.strerror}: {hint}", err=True)
        return 1
    except Exception as error:
        handle, name = tempfile.mkstemp(prefix="meta-reward-", suffix=".log")
        with os.fdopen(handle, "w") as log:
            traceback.print_exc(file=log)
        click.echo(f"meta-reward: a bug: {type(error).__name__}: {error}; details in {Path(name)}", err=True)
        return 3
