"""Claude through the Claude Agent SDK, for users with a subscription and no API key.

Each request starts one process of the SDK's program, which makes one call of the Messages API. It has no tools of its
own, no settings, no memory and a temporary home. Its budget is used up by the first call; otherwise it would ask
again after a reply that was cut off, refused or empty.

The harness's tools are offered as tools of an MCP server, so that the judge can call them natively. The program is
not allowed to run them: the calls are read from the reply, the gateway runs them in the sandbox, and the next
request describes the calls and their results in words. Features without a native form here (a schema, a required
tool) are asked for in words. The program adds a few lines of its own, such as the date. A process takes about 0.3 s
and 200 MB, so there are no more at a time than processors.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeMisconfigured
from meta_reward.models.endpoint import Endpoint, Provider
from meta_reward.models.failures import broken, missing_package
from meta_reward.models.providers.anthropic import ANTHROPIC, parse_message
from meta_reward.models.providers.base import EndpointJudge
from meta_reward.models.providers.claude_stream import SERVER, first_message
from meta_reward.models.providers.http_client import NO_KEY
from meta_reward.models.providers.normalize import schema_in_words
from meta_reward.models.secrets import without_key
from meta_reward.models.settings import ModelSettings, join_system
from meta_reward.trajectory import Message, Tool, render_call

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions

SUBSCRIPTION = Provider(
    "anthropic",
    ANTHROPIC.address,
    ANTHROPIC.variable,
    ("CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"),
    "; `claude setup-token` makes one for a subscription",
)
_ONE_CALL_USD = 1e-9
_LONGEST_ARGUMENT = 100_000  # bytes; the system allows 128 KB
_UPGRADE = "pip install --upgrade claude-agent-sdk"


class ClaudeCodeJudge(EndpointJudge):
    """A `Backend` over the Claude Agent SDK."""

    kind, provider, without = "claude-code", SUBSCRIPTION, ("temperature", "extra")

    def __init__(self, spec: str, given: Mapping[str, Any]) -> None:
        super().__init__(spec, given)
        self._slots: asyncio.Semaphore | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn."""
        self.check()
        async with self._slot():
            with tempfile.TemporaryDirectory(prefix="meta-reward-judge-", ignore_cleanup_errors=True) as home:
                options = self._options(request, Path(home))
                try:
                    async with asyncio.timeout(self._given.timeout_s):
                        message = await first_message(_prompt(request), options, self._endpoint)
                except TimeoutError:
                    raise broken(f"no answer within {self._given.timeout_s:g} s", self._endpoint) from None
        return without_key(parse_message(message, self._endpoint, turn=len(request.messages)), self._endpoint.key)

    def _slot(self) -> asyncio.Semaphore:
        """The semaphore of this event loop: one process for each processor."""
        loop = asyncio.get_running_loop()
        if self._slots is None or self._loop is not loop:
            self._slots, self._loop = asyncio.Semaphore(os.cpu_count() or 1), loop
        return self._slots

    def _options(self, request: Request, home: Path) -> "ClaudeAgentOptions":
        try:
            from claude_agent_sdk import ClaudeAgentOptions
        except ImportError:
            raise missing_package("claude-agent-sdk") from None
        effort: Any = self._given.effort
        try:
            return ClaudeAgentOptions(
                cwd="/",
                model=self._endpoint.model,
                system_prompt=_system_prompt(join_system(self._given, request.system), home),
                tools=[],
                mcp_servers={SERVER: _server(request.tools)} if request.tools else {},
                strict_mcp_config=True,
                setting_sources=[],
                permission_mode="dontAsk",
                verbatim_prompts=True,
                include_partial_messages=True,
                max_turns=1,
                max_budget_usd=_ONE_CALL_USD,
                thinking=_thinking(self._given),
                effort=effort,
                extra_args={"no-session-persistence": None},
                env=_environment(self._endpoint, self._given, home),
                stderr=lambda line: None,
            )
        except TypeError as error:  # this version does not know an option
            raise JudgeMisconfigured(f"claude-agent-sdk is too old ({error})", hint=_UPGRADE) from None


def _prompt(request: Request) -> str:
    """The conversation as one prompt: the question, then the judge's calls with their results."""
    first, *rest = request.messages
    parts = [first.content + (schema_in_words(request.schema) if request.schema is not None else "")]
    if request.require:
        parts.append(f"Call the tool {request.require} before you answer.")
    if rest:
        parts += ["This is how far you have come:", *(_told(message) for message in rest), "Go on from here."]
    return "\n\n".join(parts)


def _told(message: Message) -> str:
    if message.role == "tool":
        kind = "error" if message.is_error else "result"
        return f'<{kind} of="{message.tool_call_id}">\n{message.content}\n</{kind}>'
    said = [message.content] if message.content else []
    calls = [f'<call id="{call.id}">{render_call(call)}</call>' for call in message.tool_calls]
    return "\n".join([*said, *calls])


def _server(tools: tuple[Tool, ...]) -> Any:
    """An MCP server that offers the tools and never runs them."""
    from claude_agent_sdk import SdkMcpTool, create_sdk_mcp_server

    async def refuse(arguments: Any) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": "not run here"}], "is_error": True}

    offered = [
        SdkMcpTool(tool.name, tool.description, {"type": "object", "properties": {}, **tool.parameters}, refuse)
        for tool in tools
    ]
    return create_sdk_mcp_server(SERVER, tools=offered)


def _system_prompt(text: str, home: Path) -> Any:
    """The system prompt, in a file if it is too long for a command line."""
    if len(text.encode()) <= _LONGEST_ARGUMENT:
        return text
    path = home / "system.md"
    path.write_text(text)
    return {"type": "file", "path": str(path)}


def _thinking(settings: ModelSettings) -> Any:
    if isinstance(settings.thinking, int):
        return {"type": "enabled", "budget_tokens": settings.thinking}
    return {"type": settings.thinking or "disabled"}


def _environment(endpoint: Endpoint, settings: ModelSettings, home: Path) -> dict[str, str]:
    """Changes to the program's environment, so that nothing inherited affects what it does, and it gets at most one
    key."""
    hidden = dict.fromkeys((name for name in os.environ if name.startswith(("ANTHROPIC_", "CLAUDE_"))), "")
    fixed = {
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "config"),
        "CLAUDE_CODE_DISABLE_ATTACHMENTS": "1",  # among them the state of the budget
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(settings.max_tokens),
        "ENABLE_TOOL_SEARCH": "false",
    }
    return {**hidden, **fixed, **_access(endpoint)}


def _access(endpoint: Endpoint) -> dict[str, str]:
    """Address and key. An address that the user named gets the key as a bearer token, which redirects drop."""
    if not endpoint.about:
        return {endpoint.key_name: endpoint.key}
    if endpoint.key_name == "CLAUDE_CODE_OAUTH_TOKEN":
        return {"ANTHROPIC_BASE_URL": endpoint.address, endpoint.key_name: endpoint.key}
    return {"ANTHROPIC_BASE_URL": endpoint.address, "ANTHROPIC_AUTH_TOKEN": endpoint.key or NO_KEY}
