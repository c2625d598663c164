"""What the simulated agent reads in a request: the conversation, the records that calls have shown, and other words.

The conversation is read as `world.transcript()` writes it, or with `Customer:` and `Agent:` before what they say;
calls and results of the current turn come as messages.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.completion import Request
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.tools import is_write

USER, AGENT, CALL, RESULT = "user", "agent", "call", "result"
_ENTRY = re.compile(
    r"(?m)^(?:\[\d+\] )?(?:(?P<who>user|assistant|customer|agent|Customer|Agent|User|Assistant):[ ]?"
    r"|(?P<made>assistant|agent|Agent) calls (?P<call>\w+) "
    r"|(?P<outcome>result|error) of (?P<of>\w+): ?)"
)
_BLANK = re.compile(r"\n\s*\n")
_WHO = {"user": USER, "customer": USER, "assistant": AGENT, "agent": AGENT}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was said or done."""

    what: str
    """USER, AGENT, CALL or RESULT."""
    text: str
    name: str = ""
    """Of the tool."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False


@dataclass(slots=True)
class Page:
    """A request, read."""

    entries: list[Entry]
    wording: str
    """What the prompts say before the conversation."""
    tail: str
    """The part of it that comes after the conversation, and what tools refused."""
    chars: int
    customers: dict[str, Record] = field(default_factory=dict)
    bookings: dict[str, Record] = field(default_factory=dict)
    flights: dict[str, Record] = field(default_factory=dict)
    charges: dict[str, Record] = field(default_factory=dict)
    failed: set[tuple[str, str]] = field(default_factory=set)
    """Calls that brought an error, as name and first argument."""
    written: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Calls that altered something."""
    held_back: bool = False
    """Whether a write of this turn was held back by the program."""

    @property
    def heard(self) -> list[str]:
        """What the customer said."""
        return [entry.text for entry in self.entries if entry.what == USER]

    @property
    def said(self) -> list[str]:
        """What the agent said."""
        return [entry.text for entry in self.entries if entry.what == AGENT and entry.text]


def read_page(request: Request) -> Page:
    """A request as the agent understands it."""
    prompt = request.messages[0].content
    entries, before, after = _conversation(prompt)
    held = False
    for message in request.messages[1:]:
        entries += [Entry(CALL, "", call.name, call.arguments) for call in message.tool_calls]
        if message.role == "tool":
            name = _name_of(request, message.tool_call_id)
            failed = message.is_error or not message.content.lstrip().startswith(("{", "["))
            held |= failed and is_write(name)
            entries.append(Entry(RESULT, message.content, name, {}, failed))
            after += f"\n{message.content}" if failed else ""
    chars = len(request.system or "") + sum(len(message.content) for message in request.messages)
    page = Page(entries, f"{request.system or ''}\n{before}", after, chars, held_back=held)
    _learn(page)
    return page


def _conversation(prompt: str) -> tuple[list[Entry], str, str]:
    """The entries of a transcript, and what stands before and after it."""
    found = list(_ENTRY.finditer(prompt))
    if not found:
        return [Entry(USER, prompt.strip())], "", ""
    ends = [match.start() for match in found[1:]]
    last = _BLANK.search(prompt, found[-1].end())
    ends.append(last.start() if last else len(prompt))
    entries = [_entry(match, prompt[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)]
    return entries, prompt[: found[0].start()], prompt[ends[-1] :]


def _entry(match: re.Match[str], text: str) -> Entry:
    if match["who"]:
        return Entry(_WHO[match["who"].lower()], text)
    if match["call"]:
        arguments = _json(text)
        return Entry(CALL, "", match["call"], arguments if isinstance(arguments, dict) else {})
    return Entry(RESULT, text, match["of"], {}, match["outcome"] == "error")


def _learn(page: Page) -> None:
    """Take in what results show, each that of the first call of its name without one."""
    waiting: list[Entry] = []
    for entry in page.entries:
        if entry.what == CALL:
            waiting.append(entry)
        elif entry.what == RESULT:
            call = next((one for one in waiting if one.name == entry.name), None)
            if call is not None:
                waiting.remove(call)
            _take(page, entry, dict(call.arguments) if call else {})


def _take(page: Page, entry: Entry, arguments: dict[str, Any]) -> None:
    data = _json(entry.text)
    if entry.failed or data is None or (isinstance(data, dict) and "error" in data):
        page.failed.add((entry.name, str(next(iter(arguments.values()), ""))))
        return
    if is_write(entry.name):
        page.written.append((entry.name, arguments))
        return
    if not isinstance(data, dict):
        return
    if entry.name == "list_charges":
        page.charges[str(arguments.get("reservation_id"))] = data
    for key, table in (
        ("flight_number", page.flights),
        ("reservation_id", page.bookings),
        ("customer_id", page.customers),
    ):
        if isinstance(data.get(key), str):
            table[data[key]] = data
            return


def _name_of(request: Request, id: str | None) -> str:
    return next((c.name for message in request.messages for c in message.tool_calls if c.id == id), "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
