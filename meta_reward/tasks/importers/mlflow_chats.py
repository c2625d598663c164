"""The chat in one span of an MLflow trace: what a model or an agent was given, and what it answered.

Reads chats of OpenAI, Anthropic, Responses and LangChain.
"""

from typing import Any

from meta_reward import files
from meta_reward.tasks.importers.fields import word

_LANGCHAIN = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


def chat_of(given: Any, gave: Any) -> dict[str, Any] | None:
    """The messages of a span with its tools and instructions, from its inputs and outputs; None if it is not a chat."""
    if not isinstance(given, dict):
        return None
    asked = given["messages"] if isinstance(given.get("messages"), list) else given.get("input")
    said = _said(gave)
    if isinstance(asked, str):
        asked = [{"role": "user", "content": asked}]
    if not isinstance(asked, list) or not said:
        return None
    about = {name: given[name] for name in ("system", "instructions", "tools") if given.get(name)}
    again = len(said) > len(asked) and _contents(said[: len(asked)]) == _contents(asked)  # the answer repeats it all
    return {"messages": [_message(m) for m in (said if again else [*asked, *said])], **about}


def _said(gave: Any) -> list[Any]:
    if not isinstance(gave, dict):
        return []
    choices = gave.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict) and choices[0].get("message"):
        return [choices[0]["message"]]
    if gave.get("role"):
        return [gave]
    return next((gave[name] for name in ("output", "messages") if isinstance(gave.get(name), list)), [])


def _contents(messages: list[Any]) -> list[Any]:
    """The contents of messages, for comparison; an empty message equals nothing."""
    said = [message.get("content") if isinstance(message, dict) else None for message in messages]
    return [object() if content is None or files.is_too_deep(content) else content for content in said]


def _message(message: Any) -> Any:
    """A LangChain message in OpenAI's format; any other message unchanged."""
    role = _LANGCHAIN.get(word(message.get("type"))) if isinstance(message, dict) and "role" not in message else None
    if role is None:
        return message
    calls = message.get("tool_calls")
    named = (
        [{**c, "arguments": c.get("args")} if isinstance(c, dict) else c for c in calls]
        if isinstance(calls, list)
        else []
    )
    return {**message, "role": role, "tool_calls": named, "is_error": message.get("status") == "error"}
