"""What a search tells of its judge, for those who train the judge itself: prompts with replies, in TRL's formats.

    FILE.jsonl               prompt, completion              replies that led to right rewards: SFT
    FILE.labelled.jsonl      prompt, completion, label       all replies, right or wrong: unpaired preferences
    FILE.preferences.jsonl   prompt, chosen, rejected        a right and a wrong reply to one prompt: preferences

Prompts and replies are lists of messages. A reply is as right as the rewards it led to: over all harnesses of the run,
the share of search pairs that the reward of its trajectory won. Those between are left out, and so are pairs without
both rewards. Nothing of validation or test is read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.trace_file import load_trace

_EVEN = 0.5
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Training:
    """How many rows went into each file."""

    completions: int
    labelled: int
    preferences: int
    files: tuple[Path, Path, Path]


@dataclass(slots=True)
class _Prompt:
    """A prompt with its replies, each with the share of pairs won of every reward it led to."""

    fields: Row
    """Its columns: messages, and tools where the judge had any."""
    replies: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By the message as JSON."""

    def told(self) -> list[tuple[Any, float]]:
        """Each reply as messages and how right it is, the most right first."""
        shares = {reply: sum(won) / len(won) for reply, won in self.replies.items()}
        ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return [([files.parse_json(reply, Path())], share) for reply, share in ordered if share != _EVEN]


def export_judge_training(layout: Layout, file: Path) -> Training:
    """Write the three files. Raises UsageError where one is there already, or nothing was asked on search yet."""
    paths = file, _beside(file, "labelled"), _beside(file, "preferences")
    if there := [path for path in paths if path.exists()]:
        raise UsageError(f"{there[0]} exists already", hint="name another file")
    prompts = _prompts(layout)
    if not prompts:
        raise UsageError(f"{layout.root} holds no judge calls on its search split yet")
    made = [list(rows) for rows in zip(*map(_rows, prompts), strict=True)]
    completions, labelled, preferences = ([row for rows in kind for row in rows] for kind in made)
    for path, rows in zip(paths, (completions, labelled, preferences), strict=True):
        files.write_lines(path, sorted(rows, key=_columns_known))
    return Training(len(completions), len(labelled), len(preferences), paths)


def _columns_known(row: Row) -> bool:
    """False for rows that come first: those with tools, since readers take a column's type from what comes first."""
    return row["tools"] is None


def _beside(file: Path, kind: str) -> Path:
    return file.with_name(f"{file.stem}.{kind}{file.suffix}")


def _rows(prompt: _Prompt) -> tuple[list[Row], list[Row], list[Row]]:
    """What one prompt brings to each file."""
    told = prompt.told()
    right = [{**prompt.fields, "completion": reply} for reply, share in told if share > _EVEN]
    labelled = [{**prompt.fields, "completion": reply, "label": share > _EVEN} for reply, share in told]
    if not 0 < len(right) < len(told):
        return right, labelled, []
    return right, labelled, [{**prompt.fields, "chosen": told[0][0], "rejected": told[-1][0]}]


def _prompts(layout: Layout) -> list[_Prompt]:
    """Each distinct prompt in the order in which the candidates asked it."""
    found: dict[str, _Prompt] = {}
    for call, share in _calls(layout):
        fields = _fields(call)
        prompt = found.setdefault(files.digest(fields | {"schema": call["schema"]}), _Prompt(fields))
        reply = _message({"role": "assistant", "content": call["reply"], "tool_calls": call["tool_calls"]})
        prompt.replies[files.canonical_json(reply)].append(share)
    return list(found.values())


def _calls(layout: Layout) -> Iterator[tuple[Row, float]]:
    """Every call that was answered, with the share of its trajectory's pairs that the reward won."""
    for row in load_ledger(layout.ledger):
        folder = layout.candidate(row.folder)
        for trajectory, won in _won(folder).items():
            path = folder / "traces" / f"{trajectory}.json"
            for call in load_trace(path)["calls"]:
                if "error" not in call:
                    yield call, sum(won) / len(won)


def _fields(call: Row) -> Row:
    """The columns of a prompt, all in every row, and JSON as text: readers of a data set want one shape."""
    system = [_message({"role": "system", "content": call["system"]})] if call["system"] else []
    tools = [{"type": "function", "function": tool} for tool in call["tools"]]
    return {"prompt": [*system, *map(_message, call["messages"])], "tools": _text(tools) if tools else None}


def _message(message: Row) -> Row:
    """A message as OpenAI has it."""
    calls = [
        {"type": "function", "id": one["id"], "function": {"name": one["name"], "arguments": _text(one["arguments"])}}
        for one in message.get("tool_calls", ())
    ]
    said = {"role": message["role"], "content": files.as_text(message["content"])}
    return {**said, "tool_calls": calls or None, "tool_call_id": message.get("tool_call_id")}


def _text(value: Any) -> str:
    return files.canonical_json(value).decode()


def _won(folder: Path) -> Mapping[str, Sequence[float]]:
    """The scores of each trajectory's pairs; none for a candidate that was not evaluated."""
    found: dict[str, list[float]] = defaultdict(list)
    for pair in load_pairs(folder) if (folder / "scores.json").exists() else ():
        if pair.margin is not None:
            found[pair.preferred].append(pair.score)
            found[pair.other].append(pair.score)
    return found
