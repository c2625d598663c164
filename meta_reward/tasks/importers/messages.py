"""Other people's conversations in our format: the policy from the system messages at the start, then the messages.

Calls are numbered in order, because providers' ids are random and need not be unique; calls of a simulated user are
numbered separately from the agent's. A result belongs to the call that it names, else to the oldest unanswered call; a
result that answers no call is kept without one. Raises RowError.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from meta_reward.tasks.importers.parts import Call, Part, Result, Text, parts_of
from meta_reward.tasks.importers.record import RowError, Run, brief
from meta_reward.trajectory import Message, ToolCall

_MOST_MESSAGES = 100_000
_PYTHON = re.compile(r"\s*\[\s*\{\s*'")


def read_messages(data: Any, *, keep_unparsed: bool = False) -> Run:
    """A run, without tools, from a list of messages or items, or from such a list as JSON text.

    keep_unparsed: see `parts_of`. Raises RowError; for a conversation without messages, one that skips the row.
    """
    items = _listed(data)
    policy, rest = _split_policy(items)
    conversation = _Conversation()
    for number, item in enumerate(items[len(items) - rest :], len(items) - rest + 1):
        try:
            conversation.add(parts_of(item, keep_unparsed=keep_unparsed), same_turn=_is_item(item))
        except RowError as error:
            raise error.inside(f"message {number}") from None
    if not conversation.messages:
        raise RowError("", "has no messages", skip=True)
    return Run(tuple(conversation.messages), policy)


def clean(policy: str) -> str:
    """A policy in its stored form: plain newlines, control characters made visible."""
    from meta_reward.files import printable

    return printable(policy.replace("\r\n", "\n"))


def _listed(data: Any) -> Sequence[Any]:
    if isinstance(data, str):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            hint = ", but Python: write it with json.dumps" if _PYTHON.match(data) else ", not a list of messages"
            raise RowError("", f"is text that is not valid JSON{hint}") from None
    if not isinstance(data, list):
        raise RowError("", f"is {brief(data)}, not a list of messages")
    if len(data) > _MOST_MESSAGES:
        raise RowError("", f"has {len(data)} messages, more than {_MOST_MESSAGES}", skip=True)
    return data


def _is_item(message: Any) -> bool:
    """Whether this is an item of OpenAI's Responses rather than a message."""
    return isinstance(message, dict) and "role" not in message


def _split_policy(items: Sequence[Any]) -> tuple[str | None, int]:
    """The text of the system messages at the start, None without any, and how many items follow them."""
    texts: list[str] = []
    for number, item in enumerate(items):
        if not (isinstance(item, dict) and item.get("role") in ("system", "developer")):
            break
        try:
            texts += [part.text for part in parts_of(item) if isinstance(part, Text)]
        except RowError as error:
            raise error.inside(f"message {number + 1}") from None
    else:
        number = len(items)
    return (clean("\n\n".join(texts)) if number else None), len(items) - number


class _Conversation:
    """Builds messages from parts."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._count = {"assistant": 0, "user": 0}
        self._open: dict[str, list[str]] = {"assistant": [], "user": []}
        self._by_id: dict[tuple[str, str], list[str]] = {}
        self._names: dict[str, str] = {}

    def add(self, parts: Iterable[Part], *, same_turn: bool) -> None:
        """Add the parts of one imported message. Each result becomes a message; the other parts become one together.

        same_turn: calls belong to the agent's previous message, from which Responses separate them.
        """
        said: list[Text | Call] = []
        for part in parts:
            if isinstance(part, Result):
                self._say(said, same_turn)
                said = []
                self._answer(part)
            else:
                said.append(part)
        self._say(said, same_turn)

    def _say(self, parts: list[Text | Call], same_turn: bool) -> None:
        if not parts:
            return
        role = parts[0].role
        text = "\n".join(part.text for part in parts if isinstance(part, Text))
        seen: set[tuple[str, str]] = set()
        calls = tuple(self._number(part, seen) for part in parts if isinstance(part, Call))
        last = self.messages[-1] if self.messages else None
        if same_turn and not text and last is not None and last.role == role:
            self.messages[-1] = Message(role, last.content, (*last.tool_calls, *calls))
        else:
            self.messages.append(Message(role, text, calls))

    def _number(self, call: Call, seen: set[tuple[str, str]]) -> ToolCall:
        who = "user" if call.role == "user" else "assistant"
        self._count[who] += 1
        id = f"user-{self._count[who]}" if who == "user" else str(self._count[who])
        self._open[who].append(id)
        self._names[id] = call.name
        if call.id is not None:
            key = (who, call.id)
            if key not in seen:  # from now on, an id that was used before refers to the new call
                self._by_id[key] = []
                seen.add(key)
            self._by_id[key].append(id)
        return ToolCall(id, call.name, call.arguments)

    def _answer(self, result: Result) -> None:
        id = self._answered(result)
        if id is not None and id in self._open[_caller(id)]:
            self._open[_caller(id)].remove(id)
        self.messages.append(Message("tool", result.text, (), id, result.is_error))

    def _answered(self, result: Result) -> str | None:
        waiting = self._open[result.role]
        if result.id is not None:
            other = "user" if result.role == "assistant" else "assistant"
            named = self._by_id.get((result.role, result.id)) or self._by_id.get((other, result.id), [])
            return next((id for id in named if id in self._open[_caller(id)]), named[-1] if named else None)
        if result.name is not None:
            return next((id for id in waiting if self._names[id] == result.name), None)
        return waiting[0] if waiting else None


def _caller(id: str) -> str:
    return "user" if id.startswith("user-") else "assistant"
