"""The tool with which Claude tries a draft: `try_harness`, offered by this process through the SDK."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward.errors import MetaRewardError
from meta_reward.propose import client, guard
from meta_reward.propose.base import Assignment, Trial

TRY = "mcp__meta_reward__try_harness"


def try_server(assignment: Assignment) -> Any:
    """An in-process tool with which the agent tries a draft."""
    from claude_agent_sdk import create_sdk_mcp_server, tool

    trial = assignment.try_harness
    assert trial is not None

    async def try_harness(arguments: dict[str, Any]) -> dict[str, Any]:
        text, failed = await _tried(trial, assignment.staging, arguments)
        return {"content": [{"type": "text", "text": text}], "is_error": failed}

    schema = {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "the draft: a harness.py in your staging folder"},
            "pairs": {"type": "array", "items": {"type": "string"}, "description": "ids of pairs; empty: a sample"},
        },
        "required": ["path"],
    }
    about = "Run a draft on pairs of the search split: rewards, margins, what the judge said, findings and errors."
    return create_sdk_mcp_server("meta_reward", tools=[tool("try_harness", about, schema)(try_harness)])


async def _tried(trial: Trial, staging: Path, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """What a trial brought as text, and whether it failed."""
    bounds = guard.Bounds((), staging)
    pairs = arguments.get("pairs") or []
    try:
        path = guard.check("Read", {"file_path": arguments.get("path")}, bounds)["file_path"]
        if not isinstance(pairs, list) or not all(isinstance(pair, str) for pair in pairs):
            return "pairs is a list of ids of pairs", True
        answer = await trial(Path(path), pairs)
        return client.rendered(answer), "error" in answer
    except (guard.Refused, MetaRewardError) as error:
        return str(error), True
