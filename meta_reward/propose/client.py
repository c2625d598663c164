#!/usr/bin/env python3
"""`meta-reward` in a jail: asks the search to try a draft or to query the history; prints the answer as JSON.

    meta-reward try my-draft --pairs t001-p1,t007,false-claim
    meta-reward ledger | failures c0007 | flips c0003 c0007 | diff c0003 c0007 | trace c0007 t012-r3

Talks to the socket at $META_REWARD_TRY. Drafts lie in the folder `staging` beside $META_REWARD_PROMPT,
else in the current one. A file by itself, of the standard library alone, so that a jail need show
nothing else of this package. Exits with 1 where the answer is an error, or the draft no valid harness.
"""

import argparse
import json
import os
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOCKET, PROMPT = "META_REWARD_TRY", "META_REWARD_PROMPT"
# What the command outside a jail also takes; in here there is one history, and every answer is whole and JSON.
_ELSEWHERE = ("json", "full", "run", "history")


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print, and return the exit code."""
    command, given = parse(arguments)
    if command == "try":
        given = {"path": from_staging(given["path"]), "pairs": split_names(given["pairs"])}
    if not os.environ.get(SOCKET):
        print(f"meta-reward: {SOCKET} is not set: this works inside a proposer's session only", file=sys.stderr)
        return 1
    try:
        answer = ask(os.environ[SOCKET], command, given)
    except (OSError, ValueError) as error:
        print(f"meta-reward: the search does not answer: {error}", file=sys.stderr)
        return 1
    try:
        print(rendered(answer), flush=True)
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # A trace's error is an object; a draft that is no valid harness is not ok.
    return 1 if isinstance(answer.get("error"), str) or answer.get("ok") is False else 0


def parse(words: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
    """The command and its arguments. Exits where they are none, as argparse does."""
    parser = _parser()
    found = vars(parser.parse_args(words))
    if re.fullmatch(r"c\d+", found["run"] or ""):
        parser.error(f"one name too many: {found['run']} is a candidate, and no run")
    given = {name: value for name, value in found.items() if name not in _ELSEWHERE}
    return given.pop("command"), given


def ask(path: str, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request. Raises OSError, and ValueError for an answer that is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        with connection.makefile("rb") as file:
            answer = json.loads(file.readline())
    if not isinstance(answer, dict):
        raise ValueError("what came back is no answer")
    return answer


def rendered(answer: dict[str, Any]) -> str:
    """An answer as JSON with a line for each of its values, and for each item of a list: brief, and good to grep."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in answer.items()) + "\n}"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(f" {json.dumps(item)}" for item in value) + "\n]"


def from_staging(path: str) -> str:
    """A path as the search knows it, which sees the staging folder elsewhere."""
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

    def command(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, parents=[same])

    trial = command("try", "validate a draft and run it on a few search pairs")
    trial.add_argument("path", help="a harness, or a folder with harness.py, in the staging folder")
    trial.add_argument("--pairs", default="", help="ids of pairs, tasks or categories, separated by commas")
    command("ledger", "all candidates").add_argument("--limit", type=int, default=40)
    failures = command("failures", "the pairs that a candidate does not win")
    failures.add_argument("candidate")
    flips = command("flips", "the pairs that two candidates decide differently")
    diff = command("diff", "what one program changes against another")
    for two in (flips, diff):
        two.add_argument("first")
        two.add_argument("second")
    for pairs in (failures, flips):
        pairs.add_argument("--category", default="")
        pairs.add_argument("--limit", type=int, default=5)
    trace = command("trace", "what the judge was shown of a trajectory and said")
    trace.add_argument("candidate")
    trace.add_argument("trajectory", help="or a pair, of which both sides are shown")
    trace.add_argument("--ask", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
