"""Claude through the Messages API, at Anthropic or any compatible server.

A request becomes one POST, with native tools, a native schema if the model supports one, and cache marks on shared
prefixes. A reply without a stop reason was cut off and counts as no reply.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from meta_reward.completion import Completion, Request, Usage, estimated_tokens
from meta_reward.models.endpoint import Endpoint, Provider
from meta_reward.models.failures import broken
from meta_reward.models.providers.base import EndpointJudge
from meta_reward.models.providers.http_client import HttpClient
from meta_reward.models.providers.normalize import (
    arguments_of,
    closed,
    count,
    encodable,
    guessed_tokens,
    schema_in_words,
    text_of,
    with_own_ids,
)
from meta_reward.models.providers.prompt_cache import SharedPrefixes
from meta_reward.models.providers.unsupported import UnsupportedFeatures, schema_feature
from meta_reward.models.secrets import without_key
from meta_reward.models.settings import ModelSettings, join_system
from meta_reward.trajectory import Message, Tool, ToolCall

ANTHROPIC = Provider("anthropic", "https://api.anthropic.com", "ANTHROPIC_BASE_URL", ("ANTHROPIC_API_KEY",))
_STOPS = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "refusal"}
_MARK = {"cache_control": {"type": "ephemeral"}}


class AnthropicJudge(EndpointJudge):
    """A `Backend` over the Messages API."""

    kind, provider = "anthropic", ANTHROPIC

    def __init__(self, spec: str, given: Mapping[str, Any]) -> None:
        super().__init__(spec, given)
        self._client = HttpClient("anthropic", "/v1/messages", self._endpoint)
        self._unsupported, self._systems, self._prompts = UnsupportedFeatures(), SharedPrefixes(), SharedPrefixes()

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn."""
        marks = self._marks(request)

        async def send(without: frozenset[str]) -> dict[str, Any]:
            return await self._client.post(_body(request, self._endpoint.model, self._given, without, marks))

        reply = await self._unsupported.ask(_features(request, self._given), send)
        completion = parse_message(reply, self._endpoint, turn=len(request.messages))
        completion = without_key(completion, self._endpoint.key)
        if completion.usage.input_tokens:
            return completion
        guessed = Usage(estimated_tokens(request), guessed_tokens(completion.text))  # the server does not count
        return replace(completion, usage=guessed)

    def _marks(self, request: Request) -> tuple[bool, int]:
        """Whether to cache the system prompt, and how many characters of the prompt: all of them if tools make another
        round likely, in which the prompt is sent again."""
        system, prompt = join_system(self._given, request.system), request.messages[0].content
        shared_system = bool(system) and self._systems.shared_length(system) == len(system)
        upto = self._prompts.shared_length(prompt)
        return shared_system, len(prompt) if request.tools and not request.require else upto


def parse_message(body: Mapping[str, Any], endpoint: Endpoint, *, turn: int) -> Completion:
    """A completion from a message of the Messages API. Raises JudgeTransient if it is malformed."""
    content, stop = body.get("content"), body.get("stop_reason")
    if not isinstance(content, list) or not isinstance(stop, str):
        raise broken("a reply without content or stop reason", endpoint, status=200)
    blocks = [block for block in content if isinstance(block, dict)]
    text = text_of(content)
    usage = usage_of(body.get("usage"))
    if stop in _STOPS:  # tool calls of a reply that was cut off or refused are not made
        return Completion(text, usage, (), _STOPS[stop])
    calls = with_own_ids((_call(block) for block in blocks if block.get("type") == "tool_use"), turn)
    return Completion(text, usage, calls, "tool" if calls else "end")


def usage_of(given: Any) -> Usage:
    """Input tokens of every kind count as input; those read from and written to the cache also by themselves."""
    counts = given if isinstance(given, dict) else {}
    fresh, read, written, out = (
        count(counts.get(name))
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    )
    return Usage(fresh + read + written, out, read, written)


def _features(request: Request, settings: ModelSettings) -> dict[str, str]:
    """The optional features that this request uses."""
    features = {}
    if request.schema is not None:
        features[schema_feature(request.schema)] = ""
    if request.messages[-1].role == "tool" and settings.thinking == "adaptive":
        features["thinking after tools"] = "thinking"
    if request.require:
        features["tool_choice"] = "tool_choice|tool choice"
    return features


def _body(
    request: Request, model: str, settings: ModelSettings, without: frozenset[str], marks: tuple[bool, int]
) -> dict[str, object]:
    """The request's JSON. without: features that are not used."""
    native = request.schema is not None and schema_feature(request.schema) not in without
    forced = request.require is not None and "tool_choice" not in without
    asked = ""
    if request.schema is not None and not native:
        asked += schema_in_words(request.schema)
    if request.require and not forced:
        asked += f"\n\nCall the tool {request.require} before you answer."
    shared_system, upto = marks
    system = join_system(settings, request.system)
    config = {
        **({"effort": settings.effort} if settings.effort else {}),
        **({"format": {"type": "json_schema", "schema": closed(request.schema)}} if native else {}),
    }
    thinking = None if forced or "thinking after tools" in without else _thinking(request, settings)
    fields = {
        "system": [{"type": "text", "text": system, **(_MARK if shared_system else {})}] if system else None,
        "tools": [_tool(tool) for tool in request.tools],
        "tool_choice": {"type": "tool", "name": request.require} if forced else None,
        "temperature": settings.temperature,
        "thinking": thinking,
        "output_config": config,
    }
    needed = {"model": model, "max_tokens": settings.max_tokens, "messages": _messages(request.messages, upto, asked)}
    return {
        **needed,
        **{name: value for name, value in fields.items() if value not in (None, [], {})},
        **settings.extra,
    }


def _thinking(request: Request, settings: ModelSettings) -> dict[str, object] | None:
    """The thinking setting; no budget after tool results, because earlier thoughts would have to be sent back."""
    if settings.thinking is None:
        return None
    if isinstance(settings.thinking, str):
        return {"type": settings.thinking}
    if request.messages[-1].role == "tool":
        return None
    return {"type": "enabled", "budget_tokens": settings.thinking}


def _messages(messages: Sequence[Message], upto: int, asked: str) -> list[object]:
    """Messages in the API's form; the results of one round form one message."""
    out = [("user", _prompt(messages[0].content, upto, asked))]
    for message in messages[1:]:
        if message.role != "tool":
            out.append((message.role, _said(message)))
        elif out[-1][0] == "user":
            out[-1][1].append(_result(message))
        else:
            out.append(("user", [_result(message)]))
    return [{"role": role, "content": content} for role, content in out]


def _prompt(text: str, upto: int, asked: str) -> list[object]:
    """The prompt's blocks: the shared prefix, marked, and the rest."""
    head, rest = text[:upto], text[upto:] + asked
    if not rest.strip():  # no block may be blank
        head, rest = text + asked, ""
    blocks = [(head, _MARK), (rest, {})] if upto else [(text + asked, {})]
    return [{"type": "text", "text": part, **mark} for part, mark in blocks if part or not upto]


def _said(message: Message) -> list[object]:
    text = [{"type": "text", "text": message.content}] if message.content.strip() else []
    calls = [{"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments} for c in message.tool_calls]
    return [*text, *calls]


def _result(message: Message) -> object:
    error = {"is_error": True} if message.is_error else {}
    return {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content, **error}


def _tool(tool: Tool) -> object:
    schema = {"type": "object", "properties": {}, **tool.parameters}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _call(block: Mapping[str, Any]) -> ToolCall:
    return ToolCall(encodable(block.get("id")), encodable(block.get("name")), arguments_of(block.get("input")))
