"""The chain of a judge's work on one trajectory: `think`, `tool`, `obs`, `answer`.

A chain shows what the judge wrote before it called a tool or answered, which tools it called, what they returned, and
the final answer. It is made from the calls in a trace, so every harness has one. The questions to a library's router
are links too, marked by their role.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from meta_reward.files import dump_line

THINK, TOOL, OBS, ANSWER = "think", "tool", "obs", "answer"
_VERDICT = re.compile(r"\W*[A-Za-z][\w &/'-]{0,40}[*`\"']*\s*[:=]\s*[*`\"']*-?\d+(?:\.\d+)?(?:\s*/\s*\d+)?\W*")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain."""

    kind: str
    """`think`, `tool`, `obs` or `answer`."""
    text: str
    ask: int
    """The question it belongs to, from 1."""
    role: str = ""
    """The role in which the model was asked; empty for the judge itself."""


def chain_of(calls: Sequence[Mapping[str, Any]]) -> list[Link]:
    """The links of a trace's calls, in order. calls: each multi-line text joined into one string."""
    return [link for _, turns in groupby(calls, lambda call: call["ask"]) for link in _of_question(list(turns))]


def _of_question(turns: Sequence[Mapping[str, Any]]) -> Iterator[Link]:
    ask, role = turns[0]["ask"], turns[0].get("role") or ""
    for turn, after in pairwise([*turns, None]):
        assert turn is not None
        think, answer = (turn["reply"], "") if turn["tool_calls"] else split_answer(turn["reply"])
        if think.strip():
            yield Link(THINK, think.strip(), ask, role)
        returned = {one.get("tool_call_id"): one["content"] for one in (after or {"messages": []})["messages"]}
        for call in turn["tool_calls"]:
            yield Link(TOOL, f"{call['name']} {dump_line(call['arguments']).decode().strip()}", ask, role)
            if call["id"] in returned:
                yield Link(OBS, returned[call["id"]], ask, role)
        if answer:
            yield Link(ANSWER, answer, ask, role)
        if error := turn.get("error"):
            yield Link(ANSWER, f"none: {error}", ask, role)


def split_answer(reply: str) -> tuple[str, str]:
    """Split a reply into its reasoning and its answer.

    The answer is the whole reply if that is JSON, else the last lines that are marks such as `Score: 70`, else the
    last line.
    """
    text = reply.strip()
    if text.startswith(("{", "[")):
        return "", text
    lines = text.split("\n")
    begins = len(lines)
    while begins and (_VERDICT.fullmatch(lines[begins - 1]) or not lines[begins - 1].strip()):
        begins -= 1
    begins = min(begins, len(lines) - 1)
    return "\n".join(lines[:begins]), "\n".join(lines[begins:]).strip()
