"""The samples of an Inspect AI log, from a JSON document or an `.eval` file, which its own package reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.importers.rows import iter_rows


def iter_samples(path: Path) -> Iterator[Any]:
    """Every sample, in order. Raises DataError for a file that cannot be read."""
    return _packed(path) if path.suffix.lower() == ".eval" else _plain(path)


def _plain(path: Path) -> Iterator[Any]:
    for _, log in iter_rows(path):
        if not isinstance(log, dict) or not isinstance(log.get("samples"), list):
            raise DataError(path, "is not an Inspect log with samples: needs an object {eval, samples}")
        yield from log["samples"]


def _packed(path: Path) -> Iterator[Any]:
    """The samples of an `.eval` file, one at a time."""
    try:
        from inspect_ai.log import read_eval_log_samples
    except ImportError:
        hint = "pip install 'meta-reward[inspect]'"
        raise DataError(path, "is an .eval file, which needs the package inspect-ai", hint=hint) from None
    try:
        for sample in read_eval_log_samples(str(path), all_samples_required=False):
            yield sample.model_dump(mode="json")
    except Exception as error:  # a damaged archive may cause any error
        raise DataError(path, f"cannot be read by inspect-ai: {type(error).__name__}: {error!s:.100}") from None


def as_openai(message: Any) -> Any:
    """A message in OpenAI's format. Inspect calls a tool's name `function`, and has errors in a field of their own."""
    if not isinstance(message, dict):
        return message
    calls, content, error = (message.get(name) for name in ("tool_calls", "content", "error"))
    if isinstance(calls, list):
        named = [{**call, "name": call.get("function")} if isinstance(call, dict) else call for call in calls]
        message = {**message, "tool_calls": named}
    if isinstance(content, list):
        message = {**message, "content": [block for whole in content for block in _blocks(whole)]}
    if isinstance(error, dict):
        message = {**message, "is_error": True, "content": content or error.get("message")}
    return message


def _blocks(block: Any) -> list[Any]:
    """A part of a message; for a tool that the provider ran, the call and its result."""
    if not isinstance(block, dict) or block.get("type") != "tool_use" or "result" not in block:
        return [block]
    failed = block.get("error") is not None
    result = {"type": "tool_result", "tool_use_id": block.get("id"), "content": block["result"], "is_error": failed}
    return [{**block, "input": block.get("arguments")}, result]
