"""A run from the spans of an MLflow trace.

The span with the longest chat is the conversation. A trace without a chat becomes the root span's input, one call per
tool span, and the root span's output.
"""

from typing import Any

import orjson

from meta_reward.tasks.importers.fields import run_of, task_name, value_at, word
from meta_reward.tasks.importers.mlflow_chats import chat_of
from meta_reward.tasks.importers.parts import text_of
from meta_reward.tasks.importers.record import RowError, Run, brief

Span = dict[str, Any]


def run_of_spans(spans: Any) -> Run:
    listed = _listed(spans)
    chats = [chat for span in listed if (chat := chat_of(_value(span, "Inputs"), _value(span, "Outputs")))]
    longest = max(chats, key=lambda chat: len(chat["messages"]), default={"messages": _calls(listed)})
    return run_of(longest, keep_unparsed=True)


def asked_of(spans: Any) -> str | None:
    """The name of a task: the root span's input."""
    return task_name(_text(_value(_root(_listed(spans)), "Inputs"))) or None


def _listed(spans: Any) -> list[Span]:
    if not isinstance(spans, list) or not spans or not all(isinstance(span, dict) for span in spans):
        raise RowError("data, spans", f"is {brief(spans)}, not a list of spans")
    return sorted(spans, key=_start)


def _start(span: Span) -> int:
    start = span.get("start_time_unix_nano") or span.get("start_time")
    return start if isinstance(start, int) else 0


def _root(spans: list[Span]) -> Span:
    return next((span for span in spans if not (span.get("parent_span_id") or span.get("parent_id"))), spans[0])


def _value(span: Span, name: str) -> Any:
    """An attribute that MLflow writes as JSON text."""
    attributes = span.get("attributes")
    value = attributes.get(f"mlflow.span{name}") if isinstance(attributes, dict) else None
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return value


def _calls(spans: list[Span]) -> list[dict[str, Any]]:
    root = _root(spans)
    messages: list[dict[str, Any]] = [{"role": "user", "content": _text(_value(root, "Inputs"))}]
    for number, span in enumerate(span for span in spans if _value(span, "Type") == "TOOL"):
        given, call = _value(span, "Inputs"), {"id": str(number), "name": word(span.get("name")) or "tool"}
        arguments = given if isinstance(given, dict) else {"input": given}
        result = {"tool_call_id": call["id"], "content": _value(span, "Outputs")}
        messages.append({"role": "assistant", "content": "", "tool_calls": [{**call, "arguments": arguments}]})
        messages.append({"role": "tool", **result, "is_error": word(value_at(span, "status.code")).endswith("ERROR")})
    return [*messages, {"role": "assistant", "content": _text(_value(root, "Outputs"))}]


def _text(value: Any) -> str:
    """A value as text: text unchanged, the text of an object that has only one, anything else as JSON."""
    texts = list(value.values()) if isinstance(value, dict) else []
    return texts[0] if len(texts) == 1 and isinstance(texts[0], str) else text_of(value)
