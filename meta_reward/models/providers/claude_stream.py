"""One reply from the Claude Agent SDK's program, assembled from the raw events of its first call.

The program also reports errors of its own. They count only if there is no reply, because it reports a reply that
was cut off or refused as an error, too.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from meta_reward.errors import JudgeMisconfigured, MetaRewardError
from meta_reward.models.endpoint import Endpoint
from meta_reward.models.failures import Refusal, broken, failure_of

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions

SERVER = "harness"
TOOL_PREFIX = f"mcp__{SERVER}__"
_NOT_LOGGED_IN = ("/login", "not logged in")


async def first_message(prompt: str, options: "ClaudeAgentOptions", endpoint: Endpoint) -> dict[str, object]:
    """The first reply of the Messages API, unchanged. Raises the errors of `failures`."""
    import claude_agent_sdk as sdk

    reply, result = Reply(), None
    try:
        async with aclosing(_messages_of(prompt, options)) as messages:
            async for message in messages:
                if isinstance(message, sdk.StreamEvent):
                    reply.take(message.event)
                elif isinstance(message, sdk.ResultMessage):
                    result = message
    except sdk.CLINotFoundError:
        raise JudgeMisconfigured(
            "claude-agent-sdk has no program of its own here", hint="install its wheel with pip"
        ) from None
    except Exception as error:  # the SDK raises plain exceptions, also after a result that is an error
        if not reply.complete and result is None:
            raise broken(str(error), endpoint) from None
    if not reply.complete:
        raise _failure(result, endpoint)
    return reply.message()


async def _messages_of(prompt: str, options: "ClaudeAgentOptions") -> AsyncGenerator[Any, None]:
    from claude_agent_sdk import query

    async for message in query(prompt=prompt, options=options):
        yield message


class Reply:
    """The first message in a stream of events of the Messages API."""

    def __init__(self) -> None:
        self.complete = False
        self._blocks: dict[int, dict[str, Any]] = {}
        self._usage: dict[str, Any] = {}
        self._stop: Any = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Add an event. Events after the end of the first message are ignored."""
        kind, index = event.get("type"), event.get("index", 0)
        if self.complete:
            return
        if kind == "message_start":
            self._blocks, self._usage = {}, dict((event.get("message") or {}).get("usage") or {})
        elif kind == "content_block_start":
            self._blocks[index] = {**(event.get("content_block") or {}), "input": ""}
        elif kind == "content_block_delta" and index in self._blocks:
            block, delta = self._blocks[index], event.get("delta") or {}
            block["text"] = block.get("text", "") + delta.get("text", "")
            block["input"] += delta.get("partial_json", "")
        elif kind == "message_delta":
            self._stop = (event.get("delta") or {}).get("stop_reason")
            self._usage |= {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
        elif kind == "message_stop":
            self.complete = True

    def message(self) -> dict[str, object]:
        """The message in the form of a reply without streaming, with the harness's names for tools."""
        blocks = [{**block, "name": block.get("name", "").removeprefix(TOOL_PREFIX)} for block in self._blocks.values()]
        return {"content": blocks, "stop_reason": self._stop, "usage": self._usage}


def _failure(result: Any, endpoint: Endpoint) -> MetaRewardError:
    """The error of a program that gave no reply."""
    if result is None:
        return broken("the program ended without a word", endpoint)
    said, status = result.result or "; ".join(result.errors or ()) or result.subtype, result.api_error_status
    if any(words in said.lower() for words in _NOT_LOGGED_IN):
        return failure_of(Refusal(401, said), endpoint)
    return broken(said, endpoint) if status is None else failure_of(Refusal(status, said), endpoint)
