"""A proposer that is Claude, through the Claude Agent SDK: `claude:MODEL`.

It has a shell if this machine can confine one: in the operating system's sandbox, without the key and without a
network. Otherwise, or if the settings say so, it has file tools. The guard checks every tool call before it runs; a
call that it does not allow is refused, and so is every call if the guard itself fails. The agent's program starts with
a clean environment and its own home in the session's folder, and reads none of the user's settings, memory or
instructions.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from meta_reward import files, folders
from meta_reward.errors import ProposerError, ProposerUnavailable, UsageError
from meta_reward.propose import guard, shell
from meta_reward.propose.base import Assignment, check_variables, render_prompt
from meta_reward.propose.claude.program import environment, find_agent, launcher, shell_sandbox
from meta_reward.propose.claude.try_tool import QUERY, TRY, server
from meta_reward.propose.claude.usage import Meter
from meta_reward.propose.secrets import CLAUDE_KEYS, Secrets
from meta_reward.propose.session_summary import last_session_id, summarize
from meta_reward.propose.transcript import Transcript
from meta_reward.run.settings import ProposerSettings

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions, ResultMessage

_LONGEST_MESSAGE = 64 * 1024 * 1024
_SECONDS_TO_ADD_UP = 10.0
_LEAST_MINUTES = 0.01
_LEAST_USD = 0.001
_STATUSES = {
    "error_max_turns": ("out of turns", "the session used up its turns"),
    "error_max_budget_usd": ("out of budget", "the session used up its money"),
}


@dataclass(frozen=True, slots=True)
class ClaudeProposer:
    """Runs one session of the agent per iteration, and resumes it to fix candidates that were refused."""

    model: str
    settings: ProposerSettings

    @property
    def repairs(self) -> bool:
        return True

    def check(self) -> None:
        """Raise UsageError if no session could start."""
        find_agent()
        if guard.SHELL in self.settings.tools and (reason := shell.why_not()):
            raise UsageError(
                f"this machine cannot confine the agent's shell: {reason}",
                hint=f"{shell.HINT}; or leave out `tools` to use file tools, which need neither",
            )
        if not any(os.environ.get(name) for name in (*CLAUDE_KEYS, *self.settings.env)):
            raise UsageError(
                "proposer claude has no key",
                hint="set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN for a subscription",
            )
        check_variables(self.settings.env)

    async def propose(self, assignment: Assignment) -> None:
        self.check()
        names = (*CLAUDE_KEYS, *self.settings.env)
        secrets = Secrets({name: os.environ.get(name, "") for name in names})
        transcript = Transcript(assignment.transcript, secrets=secrets)
        so_far = summarize(assignment.transcript, view=assignment.view)
        resumed = last_session_id(assignment.transcript) if assignment.rejected else None
        prompt = render_prompt(assignment, view=assignment.view, staging=assignment.staging, resumed=bool(resumed))
        transcript.add("begin", runs=self.model, jail="shell" if guard.SHELL in self._tools() else "tools")
        transcript.add("prompt", text=prompt)
        left = max(self.settings.minutes - so_far.minutes, _LEAST_MINUTES)
        with tempfile.TemporaryDirectory(prefix="meta-reward-", ignore_cleanup_errors=True) as scratch:
            options = self._options(assignment, transcript, resumed, so_far.cost_usd or 0.0, Path(scratch))
            try:
                result = await _converse(prompt, options, transcript, left * 60, assignment)
            except TimeoutError:
                raise ProposerError(f"no end within {self.settings.minutes:g} minutes", status="timed out") from None
            finally:
                folders.remove_folder(assignment.staging / ".claude")  # notes of the agent's program on its shell
        _check_result(result, secrets)

    def _tools(self) -> list[str]:
        """The agent's tools: those of the settings, else a shell if one can be confined, else file tools."""
        return list(self.settings.tools) or (list(guard.FILE_TOOLS) if shell.why_not() else [guard.SHELL])

    def _options(
        self, assignment: Assignment, transcript: Transcript, resumed: str | None, spent_usd: float, scratch: Path
    ) -> "ClaudeAgentOptions":
        from claude_agent_sdk import ClaudeAgentOptions, HookMatcher

        has_shell = guard.SHELL in self._tools()
        bounds = guard.Bounds((assignment.view,), assignment.staging, self._tools(), (TRY, QUERY))
        most = [usd for usd in (self.settings.max_usd, assignment.max_usd) if usd]
        return ClaudeAgentOptions(
            cwd=assignment.staging,
            add_dirs=[assignment.view],
            cli_path=launcher(assignment.home, self.settings.env),
            env=environment(assignment.home, scratch),
            model=self.model,
            effort=self.settings.effort or None,  # type: ignore[arg-type]
            max_turns=self.settings.turns or None,
            max_budget_usd=max(min(most) - spent_usd, _LEAST_USD) + (spent_usd if resumed else 0.0) if most else None,
            resume=resumed,
            tools=self._tools(),
            mcp_servers={"meta_reward": server(assignment)},
            strict_mcp_config=True,
            setting_sources=[],
            skills=[],
            verbatim_prompts=True,
            include_partial_messages=True,  # they report usage before the call ends
            permission_mode="dontAsk",
            hooks={"PreToolUse": [HookMatcher(hooks=[_hook(bounds, transcript)], on_failure="block")]},
            sandbox=shell_sandbox(assignment, secrets=(*CLAUDE_KEYS, *self.settings.env)) if has_shell else None,
            max_buffer_size=_LONGEST_MESSAGE,
            stderr=lambda line: transcript.add("output", text=line),
        )


def _hook(bounds: guard.Bounds, transcript: Transcript) -> Any:
    """The guard as a hook of the SDK. Every decision is recorded."""

    async def decide(call: Any, id: str | None, _context: Any) -> Any:
        tool, given = str(call["tool_name"]), call["tool_input"]
        try:
            checked = guard.check(tool, given, bounds)
        except guard.Refused as refused:
            transcript.add("decision", id=id, tool=tool, input=given, refused=str(refused))
            return _decision("deny", permissionDecisionReason=str(refused))
        transcript.add("decision", id=id, tool=tool, input=checked, refused="")
        return _decision("allow", updatedInput=checked)

    return decide


def _decision(decision: str, **more: object) -> dict[str, object]:
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": decision, **more}}


async def _converse(
    prompt: str, options: "ClaudeAgentOptions", transcript: Transcript, timeout_s: float, assignment: Assignment
) -> "ResultMessage":
    """Send one prompt and run the session to its end; returns its result. Raises ProposerError, TimeoutError."""
    from claude_agent_sdk import ClaudeSDKClient

    client = ClaudeSDKClient(options)
    results: list[ResultMessage] = []
    try:
        async with asyncio.timeout(timeout_s):
            await client.connect()
            await client.query(prompt)
            async for message in _recorded(client, transcript, assignment.is_spent):
                results += [message]
    except ProposerError:
        raise
    except TimeoutError:
        await _add_up(client, transcript)
        raise
    except Exception as error:  # the SDK raises its own errors, and sometimes a plain Exception
        if not results:  # else the result says better what went wrong
            reason = transcript.secrets.hide(str(error)).partition("\n")[0][:300]
            raise ProposerError(f"the agent's program failed: {files.printable(reason)}") from None
    finally:
        await _end(client, assignment.home / "pid", gently=bool(results))
    if not results:
        raise ProposerError("the agent's program ended without a result")
    return results[-1]


async def _recorded(
    client: Any, transcript: Transcript, is_spent: Callable[[], bool] = lambda: False
) -> AsyncIterator["ResultMessage"]:
    """Record all messages, and the usage in partial ones; yields the results among them.

    Raises ProposerError once the run's money is used up.
    """
    from claude_agent_sdk import ResultMessage, StreamEvent

    meter = Meter()
    async with contextlib.aclosing(client.receive_response()) as messages:
        async for message in messages:
            if isinstance(message, StreamEvent):
                if used := meter.read(message.event):
                    transcript.add("usage", **files.as_dict(used))
                    if is_spent():
                        raise ProposerError(
                            "the session and its trials used up the run's money", status="out of budget"
                        )
                continue
            fields = asdict(cast(Any, message))
            transcript.add("message", kind=type(message).__name__, message=fields)
            if isinstance(message, ResultMessage):
                yield message


async def _add_up(client: Any, transcript: Transcript) -> None:
    """Interrupt an agent that takes too long, so that it still reports its cost."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_SECONDS_TO_ADD_UP):
            await client.interrupt()
            async for _ in _recorded(client, transcript):
                pass


async def _end(client: Any, pidfile: Path, *, gently: bool) -> None:
    """End the agent's program and everything it has started. gently: give it time to save its session."""
    if not gently:
        _kill(pidfile)
    with contextlib.suppress(Exception):
        await client.disconnect()
    _kill(pidfile)


def _kill(pidfile: Path) -> None:
    """Kill the agent's program and everything it has started."""
    with contextlib.suppress(OSError, ValueError):  # it has not started, or it has ended
        os.killpg(int(pidfile.read_text()), signal.SIGKILL)


def _check_result(result: "ResultMessage", secrets: Secrets) -> None:
    """Raise the error that a session's result stands for, if any."""
    text = secrets.hide(result.result or "; ".join(result.errors or []) or result.subtype)
    message = files.printable(" ".join(text.split()))[:300]
    status = result.api_error_status
    if result.is_error and status in (401, 403):
        raise ProposerUnavailable(f"the API refuses the key ({status}): {message}", hint="check ANTHROPIC_API_KEY")
    if result.is_error and status == 402:
        raise ProposerUnavailable(f"the API wants to be paid: {message}", hint="add credit, or use another key")
    if result.is_error and status == 404:
        raise ProposerUnavailable(f"the API does not know the model: {message}", hint="check --proposer claude:MODEL")
    if result.subtype in _STATUSES:
        word, reason = _STATUSES[result.subtype]
        raise ProposerError(reason, status=word)
    if result.is_error:
        raise ProposerError(f"the API failed{f' ({status})' if status else ''}: {message}")
