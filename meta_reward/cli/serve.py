"""`meta-reward serve`: a reward over HTTP."""

import os
from pathlib import Path
from typing import Any

import click

from meta_reward.cli.common import judge_option, sandbox_option, spending_options
from meta_reward.cli.score import loaded_with
from meta_reward.cli.view import check_installed
from meta_reward.errors import UsageError

_PATH = click.Path(path_type=Path)


@click.command("serve")
@click.argument("harness", metavar="RUN|HARNESS")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0: any free one. Default: 8000.")
@click.option("--host", default="127.0.0.1", help="Address to listen on. Default: this machine only.")
@click.option("--token-env", metavar="NAME", help="The environment variable with the token that clients must send.")
@click.option("--max-body-mb", type=click.IntRange(min=1), default=32, help="Largest request. Default: 32.")
@click.option(
    "--max-waiting", type=click.IntRange(min=1), default=1024, help="Most trajectories in progress. Default: 1024."
)
@judge_option
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@sandbox_option
@spending_options
@click.option("--policy", type=_PATH, help="A file with the policy, in place of what the trajectories say.")
@click.option("--tools", type=_PATH, help="A JSON list of the tools, in place of what the trajectories say.")
@click.option("--config", type=_PATH, help="A file with the tables of run.toml.")
def command(
    harness: str, port: int, host: str, token_env: str | None, max_body_mb: int, max_waiting: int, **flags: Any
) -> None:
    """Answer requests for scores over HTTP, until Ctrl-C.

    \b
    meta-reward serve night-1 --max-usd 50
    curl localhost:8000/score -H 'content-type: application/json' -d '{"messages": [...]}'

    POST /score takes one trajectory, like a line of a file for `score`; POST /score_batch takes many, and POST
    /get_reward what OpenRLHF sends to a remote reward model. GET /metrics has counters. Limits hold while it runs.
    """
    check_installed("server")

    import asyncio

    from meta_reward.files import printable
    from meta_reward.use.server import Bounds
    from meta_reward.use.serving import serve

    bounds = Bounds(max_body_mb * 1_000_000, max_waiting, _token(token_env))
    loaded = loaded_with(harness, flags)

    def note(text: str) -> None:
        click.echo(printable(text), err=True)

    for line in loaded.about():
        note(line)
    work = serve(
        loaded, host=host, port=port, bounds=bounds, notice=note, begun=lambda url: note(f"listening at {url}")
    )
    asyncio.run(work)


def _token(name: str | None) -> str:
    if name is None:
        return ""
    token = os.environ.get(name, "")
    if not token:
        raise UsageError(f"the environment variable {name} is not set", hint="set it to the token that clients send")
    return token
