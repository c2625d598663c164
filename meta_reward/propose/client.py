"""`meta-reward` in a jail: asks the search to try a draft or to query the history, and prints the answer as JSON.

    meta-reward try my-draft --pairs t001-p1,t007,false-claim
    meta-reward failures c0007

The queries are those of `query_table.py`. The client talks to the socket at $META_REWARD_TRY. Drafts are in the folder
`staging` next to $META_REWARD_PROMPT, or in the current folder if that variable is not set. It uses only the standard
library and the table: `pack_client` makes one file of the two, so that a jail shows nothing else of this package. Exits
with 1 if the answer is an error, or if the draft is not a valid harness.
"""

import argparse
import json
import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meta_reward.run.query_table import QUERIES, TRY, Query

SOCKET, PROMPT = "META_REWARD_TRY", "META_REWARD_PROMPT"
# Options that the command line has too. They change nothing here: there is one history, and answers are complete JSON.
_ELSEWHERE = ("json", "full", "run", "history")


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print, and return the exit code."""
    command, given = parse(arguments)
    if command == TRY.name:
        given["path"] = from_staging(given["path"])
    if not os.environ.get(SOCKET):
        print(f"meta-reward: {SOCKET} is not set: this works only inside a proposer's session", file=sys.stderr)
        return 1
    try:
        answer = ask(os.environ[SOCKET], command, given)
    except (OSError, ValueError) as error:
        print(f"meta-reward: the search does not answer: {error}", file=sys.stderr)
        return 1
    try:
        print(rendered(answer), flush=True)
    except BrokenPipeError:  # the reader has closed its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # The `error` of a trace is an object, that of a failed request a text; `ok` is false for an invalid draft.
    return 1 if isinstance(answer.get("error"), str) or answer.get("ok") is False else 0


def parse(words: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
    """The command and its arguments. Exits as argparse does if they are wrong."""
    parser = _parser()
    found = vars(parser.parse_args(words))
    if re.fullmatch(r"c\d+", found["run"] or ""):
        parser.error(f"one name too many: {found['run']} is a candidate, not a run")
    given = {name: value for name, value in found.items() if name not in _ELSEWHERE}
    return given.pop("command"), given


def ask(path: str, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request. Raises OSError, or ValueError if the reply is not an answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(json.dumps({"command": command, "arguments": {**arguments}}).encode() + b"\n")
        with connection.makefile("rb") as file:
            answer = json.loads(file.readline())
    if not isinstance(answer, dict):
        raise ValueError("the reply is not an answer")
    return answer


def rendered(answer: Mapping[str, Any]) -> str:
    """An answer as JSON with one line for each value and each list item: compact, and easy to grep."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in answer.items()) + "\n}"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(f" {json.dumps(item)}" for item in value) + "\n]"


def from_staging(path: str) -> str:
    """A path relative to the staging folder, since the search sees that folder at another path."""
    staging = Path(os.environ.get(PROMPT, "")).absolute().parent / "staging"
    return os.path.relpath(Path(path).absolute(), staging if staging.is_dir() else Path.cwd())


def split_names(text: str) -> list[str]:
    """Names separated by commas or spaces."""
    return text.replace(",", " ").split()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meta-reward", description="Ask the search from inside a session.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    same = argparse.ArgumentParser(add_help=False)
    same.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    same.add_argument("--full", action="store_true", help=argparse.SUPPRESS)
    same.add_argument("--history", help=argparse.SUPPRESS)
    same.add_argument("run", nargs="?", help=argparse.SUPPRESS)
    for query in (TRY, *QUERIES):
        _add_arguments(commands.add_parser(query.name, help=query.help, parents=[same]), query)
    return parser


def _add_arguments(parser: argparse.ArgumentParser, query: Query) -> None:
    for argument in query.arguments:
        about = argument.agent_help or None
        if argument.is_required:
            parser.add_argument(argument.name, help=about)
        else:
            kind = split_names if argument.kind is list else argument.kind
            parser.add_argument(f"--{argument.name}", type=kind, default=argument.default, help=about)


if __name__ == "__main__":
    sys.exit(main())
