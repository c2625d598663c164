"""The lines of one Claude Code session, and the messages of its main conversation."""

from dataclasses import dataclass, field
from typing import Any

from meta_reward.tasks.importers.fields import word
from meta_reward.tasks.importers.record import Place

_LEFT_OUT = ("isSidechain", "isMeta", "isCompactSummary", "isApiErrorMessage")


@dataclass(slots=True)
class Session:
    """A session that is built up line by line; each line names its predecessor."""

    place: Place
    """The place of its first line."""
    _said: list[dict[str, Any]] = field(default_factory=list)
    _parents: dict[str, str] = field(default_factory=dict)
    """The predecessor of each line, "" for the first."""
    _prompts: dict[str, str] = field(default_factory=dict)
    """The user's line that each line answers."""

    def add(self, place: Place, row: dict[str, Any]) -> None:
        id, parent = word(row.get("uuid")), word(row.get("parentUuid")) or word(row.get("logicalParentUuid"))
        said = row["type"] in ("user", "assistant") and isinstance(row.get("message"), dict)
        said = said and not any(row.get(mark) for mark in _LEFT_OUT)
        if said and not self._said:
            self.place = place
        if said:
            self._said.append(row)
        self._parents[id] = parent
        self._prompts[id] = id if said and _is_prompt(row) else self._prompts.get(parent, "")

    def lines(self) -> list[dict[str, Any]]:
        """The lines that lead to the end of the conversation; all lines if one on that path is missing."""
        at, path = word(self._said[-1].get("uuid")) if self._said else "", set[str]()
        while at and at in self._parents and at not in path:
            path.add(at)
            at = self._parents[at]
        prompts = [self._prompts.get(word(row.get("uuid")), "") for row in self._said]
        known = [not prompt or prompt in path for prompt in prompts]
        return self._said if at or not path else [row for row, keep in zip(self._said, known, strict=True) if keep]

    def messages(self) -> list[dict[str, Any]]:
        """The messages of the session, in which each block of an answer is a line of its own."""
        whole: list[dict[str, Any]] = []
        for message in (row["message"] for row in self.lines()):
            last = whole[-1] if whole else {}
            blocks, more = last.get("content"), message.get("content")
            same = message.get("id") is not None and message.get("id") == last.get("id")
            if same and isinstance(blocks, list) and isinstance(more, list):
                whole[-1] = {**last, "content": [*blocks, *more]}
            else:
                whole.append(message)
        return whole


def _is_prompt(row: dict[str, Any]) -> bool:
    """Whether the user wrote a line, rather than a tool."""
    content = row["message"].get("content")
    blocks = content if isinstance(content, list) else []
    return row["type"] == "user" and not any(isinstance(b, dict) and b.get("type") == "tool_result" for b in blocks)
