"""The two tools that Claude gets, whether or not it has a shell: to try a draft, and to query the history.

This process offers them through the SDK, because the socket that other agents use cannot be reached from the sandbox
of the shell.
"""

import contextlib
import io
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.propose import client, guard
from meta_reward.propose.base import Assignment, TryHarness
from meta_reward.propose.session_server import AnswerRequest
from meta_reward.run import query_table

TRY, QUERY = "mcp__meta_reward__try_harness", "mcp__meta_reward__query"
_ABOUT_TRY = "Run a draft on pairs of the search split: rewards, margins, what the judge said, findings and errors."
_ABOUT_QUERY = "Ask about the history what the command `meta-reward` answers, in its words: {}; with {}."
_DRAFT = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "the draft: a harness.py in your staging folder"},
        "pairs": {"type": "array", "items": {"type": "string"}, "description": "ids of pairs; empty: a sample"},
    },
    "required": ["path"],
}
_QUESTION = {
    "type": "object",
    "properties": {"words": {"type": "string", "description": "for example: failures c0007 --limit 10"}},
    "required": ["words"],
}


def about_query() -> str:
    """The description of the tool `query` for the agent: an example of each question, and their options."""
    examples = ", ".join(f"`{query.examples[0]}`" for query in query_table.QUERIES)
    options = {a.name: a.kind for query in query_table.QUERIES for a in query.arguments if not a.is_required}
    values = {int: "N", str: "NAME"}
    return _ABOUT_QUERY.format(examples, ", ".join(f"--{name} {values[kind]}" for name, kind in options.items()))


def server(assignment: Assignment) -> Any:
    """The tools of a session, as the SDK takes them."""
    from claude_agent_sdk import create_sdk_mcp_server, tool

    trial, query = assignment.try_harness, assignment.query
    tools = []
    if trial is not None:

        async def try_harness(arguments: dict[str, Any]) -> dict[str, object]:
            return _result(*await _tried(trial, assignment.staging, arguments))

        tools.append(tool("try_harness", _ABOUT_TRY, _DRAFT)(try_harness))
    if query is not None:

        async def ask(arguments: dict[str, Any]) -> dict[str, object]:
            return _result(*await _queried(query, arguments))

        tools.append(tool("query", about_query(), _QUESTION)(ask))
    return create_sdk_mcp_server("meta_reward", tools=tools)


def _result(text: str, failed: bool) -> dict[str, object]:
    return {"content": [{"type": "text", "text": text}], "is_error": failed}


def _parsed(answer: object) -> Any:
    """An answer as a client would parse it from the socket."""
    return json.loads(files.dump_line(answer))


async def _tried(trial: TryHarness, staging: Path, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """The answer on a draft as text, and whether it is an error."""
    bounds = guard.Bounds((), staging)
    pairs = arguments.get("pairs") or []
    try:
        path = guard.check("Read", {"file_path": arguments.get("path")}, bounds)["file_path"]
        if not isinstance(pairs, list) or not all(isinstance(pair, str) for pair in pairs):
            return "pairs is a list of ids of pairs", True
        answer = _parsed(await trial(Path(path), pairs))
        return client.rendered(answer), "error" in answer
    except (guard.Refused, MetaRewardError) as error:
        return str(error), True


async def _queried(query: AnswerRequest, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """The answer to a question as text, and whether it is an error."""
    said = io.StringIO()
    try:
        words = shlex.split(str(arguments.get("words")))
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            command, given = client.parse(words[1:] if words[:1] == ["meta-reward"] else words)
        if command == query_table.TRY.name:
            return "drafts are tried with the tool try_harness", True
        return client.rendered(_parsed(await query(command, given))), False
    except SystemExit:
        return files.printable(said.getvalue()), True
    except (ValueError, MetaRewardError) as error:
        return files.printable(str(error)), True
