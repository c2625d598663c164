"""OpenAI's chat completions, from OpenAI or any compatible server.

Local servers support only a part of this protocol, so whatever one refuses (a native schema, a tool required by
name, the newer name of the token limit) is left out from then on. A reply without a finish reason was cut off and
counts as no reply.
"""

import json
from collections.abc import Mapping
from typing import Any

from meta_reward.completion import Completion, Request, Usage
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
    is_strict,
    schema_in_words,
    text_of,
    with_own_ids,
)
from meta_reward.models.providers.unsupported import UnsupportedFeatures, schema_feature
from meta_reward.models.secrets import without_key
from meta_reward.models.settings import join_system
from meta_reward.trajectory import Message, Tool, ToolCall

OPENAI = Provider("openai", "https://api.openai.com/v1", "OPENAI_BASE_URL", ("OPENAI_API_KEY",))
_STOPS = {"length": "length", "content_filter": "refusal"}


class OpenAIJudge(EndpointJudge):
    """A `Backend` over chat completions."""

    kind, provider, without = "openai", OPENAI, ("thinking",)

    def __init__(self, spec: str, given: Mapping[str, Any]) -> None:
        super().__init__(spec, given)
        self._client = HttpClient("openai", "/chat/completions", self._endpoint)
        self._unsupported = UnsupportedFeatures()
        self._limit_names = ("max_tokens", "max_completion_tokens")
        if not self._endpoint.about:
            self._limit_names = ("max_completion_tokens", "max_tokens")

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn."""

        async def send(without: frozenset[str]) -> Completion:
            body = self._body(request, without)
            completion = _parse(await self._client.post(body), body, self._endpoint)
            return without_key(completion, self._endpoint.key)

        return await self._unsupported.ask(self._features(request), send)

    def _features(self, request: Request) -> dict[str, str]:
        """The optional features that this request uses."""
        features = {}
        if request.schema is not None:
            features[schema_feature(request.schema)] = ""
        if request.require:
            features["tool_choice"] = "tool_choice|tool choice"
        features[self._limit_names[0]] = "max_completion_tokens"
        return features

    def _body(self, request: Request, without: frozenset[str]) -> dict[str, object]:
        """The request's JSON. without: features to leave out."""
        native = request.schema is not None and schema_feature(request.schema) not in without
        asked = "" if request.schema is None or native else schema_in_words(request.schema)
        limit_name = self._limit_names[self._limit_names[0] in without]
        return {
            "model": self._endpoint.model,
            limit_name: self._given.max_tokens,
            "messages": _messages(request, join_system(self._given, request.system), asked),
            **_tools(request, named="tool_choice" not in without),
            **({"response_format": _response_format(request.schema)} if native else {}),
            **({} if self._given.temperature is None else {"temperature": self._given.temperature}),
            **({"reasoning_effort": self._given.effort} if self._given.effort else {}),
            **self._given.extra,
        }


def _parse(body: Mapping[str, Any], sent: Mapping[str, Any], endpoint: Endpoint) -> Completion:
    """A completion from a chat completion. Raises JudgeTransient if it is malformed."""
    try:
        choice = body["choices"][0]
        message, finish = choice["message"], choice["finish_reason"]
        calls = [_call(call) for call in message.get("tool_calls") or ()]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise broken("a reply without a message or finish reason", endpoint, status=200) from None
    if not isinstance(finish, str):
        raise broken("a reply without a finish reason", endpoint, status=200)
    text, refusal = text_of(message.get("content")), encodable(message.get("refusal"))
    usage = _usage(body.get("usage"), sent, text)
    if refusal or finish in _STOPS:  # tool calls of a reply that was cut off or refused are not made
        return Completion(text or refusal, usage, (), "refusal" if refusal else _STOPS[finish])
    turn = len(sent["messages"])
    return Completion(text, usage, with_own_ids(calls, turn), "tool" if calls else "end")


def _usage(given: Any, sent: Mapping[str, Any], text: str) -> Usage:
    """The tokens that the server counted, or an estimate if it does not count."""
    if not isinstance(given, dict) or not count(given.get("prompt_tokens")):
        asked = json.dumps(sent["messages"], ensure_ascii=False)
        return Usage(guessed_tokens(asked), guessed_tokens(text))
    details = given.get("prompt_tokens_details")
    cached = count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return Usage(count(given["prompt_tokens"]), count(given.get("completion_tokens")), cached)


def _response_format(schema: Any) -> dict[str, object]:
    shape = closed(schema)
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": shape, "strict": is_strict(shape)}}


def _tools(request: Request, *, named: bool) -> dict[str, object]:
    """The tools. A required one is required by name, or else it is the only one and some tool is required."""
    if not request.tools:
        return {}
    tools = request.tools
    if request.require is None:
        return {"tools": [_tool(tool) for tool in tools]}
    if named:
        choice: Any = {"type": "function", "function": {"name": request.require}}
        return {"tools": [_tool(tool) for tool in tools], "tool_choice": choice}
    return {"tools": [_tool(tool) for tool in tools if tool.name == request.require], "tool_choice": "required"}


def _messages(request: Request, system: str, asked: str) -> list[object]:
    first, *rest = request.messages
    told = [{"role": "system", "content": system}] if system else []
    return [*told, {"role": "user", "content": first.content + asked}, *map(_message, rest)]


def _message(message: Message) -> dict[str, object]:
    if message.role == "tool":
        content = f"error: {message.content}" if message.is_error else message.content
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": content}
    said: dict[str, object] = {"role": message.role, "content": message.content or None}
    if message.tool_calls:
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in message.tool_calls
        ]
    return said


def _tool(tool: Tool) -> object:
    parameters = {"type": "object", "properties": {}, **tool.parameters}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def _call(call: Any) -> ToolCall:
    function = call["function"]
    return ToolCall(encodable(call.get("id")), encodable(function.get("name")), arguments_of(function.get("arguments")))
