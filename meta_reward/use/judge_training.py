"""Data for training the judge itself, from a search: prompts with replies, in TRL's formats.

    FILE.jsonl               prompt, completion              replies that led to right rewards: SFT
    FILE.labelled.jsonl      prompt, completion, label       all replies, right or wrong: unpaired preferences
    FILE.preferences.jsonl   prompt, chosen, rejected        a right and a wrong reply to one prompt: preferences

Prompts and replies are lists of messages. A reply is as right as the rewards that it led to: the share of its
trajectory's search pairs, over all harnesses of the run, that such a reward wins. If a prompt was asked several times
with different replies, the harness is replayed with each reply in place of all of them, which gives the reward of that
reply. Replies with a share of exactly one half are left out, and so are pairs without both rewards. Nothing of
validation or test is read.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.run.config import load_run_config
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.trace_file import load_trace
from meta_reward.tasks.records import load_rollouts
from meta_reward.trajectory import Trajectory
from meta_reward.use.loaded import check_rewards, shared_in
from meta_reward.use.replay import Replays, Row, prompt_of

_EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Training:
    """How many rows went into each file."""

    completions: int
    labelled: int
    preferences: int
    replayed: int
    """Replays that were made."""
    files: tuple[Path, Path, Path]


@dataclass(slots=True)
class _Prompt:
    """A prompt with its replies."""

    fields: Row
    """Its columns: messages, and tools if the judge had any."""
    replies: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By the reply as JSON, for each reward that it led to the share of pairs won."""

    def told(self) -> list[tuple[Any, float]]:
        """Each reply as messages, with the mean share of pairs won, the highest first; without shares of one half."""
        shares = {reply: sum(won) / len(won) for reply, won in self.replies.items()}
        ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return [([files.parse_json(reply, Path())], share) for reply, share in ordered if share != _EVEN]


async def export_judge_training(layout: Layout, file: Path) -> Training:
    """Write the three files. Raises UsageError if one exists already, or the judge was not asked on search yet."""
    check_rewards(layout)
    paths = file, _beside(file, "labelled"), _beside(file, "preferences")
    if there := [path for path in paths if path.exists()]:
        raise UsageError(f"{there[0]} exists already", hint="name another file")
    async with Replays(load_run_config(layout.config)) as replays:
        prompts = await _prompts(layout, replays)
    if not prompts:
        raise UsageError(f"{layout.root} holds no judge calls on its search split yet")
    made = [list(rows) for rows in zip(*map(_rows, prompts), strict=True)]
    completions, labelled, preferences = ([row for rows in kind for row in rows] for kind in made)
    for path, rows in zip(paths, (completions, labelled, preferences), strict=True):
        files.write_lines(path, sorted(rows, key=_columns_known))
    return Training(len(completions), len(labelled), len(preferences), replays.made, paths)


def _columns_known(row: Row) -> bool:
    """A sort key that puts rows with tools first, since readers infer a column's type from the first rows."""
    return row["tools"] is None


def _beside(file: Path, kind: str) -> Path:
    return file.with_name(f"{file.stem}.{kind}{file.suffix}")


def _rows(prompt: _Prompt) -> tuple[list[Row], list[Row], list[Row]]:
    """The rows of one prompt for each of the three files."""
    told = prompt.told()
    right = [{**prompt.fields, "completion": reply} for reply, share in told if share > _EVEN]
    labelled = [{**prompt.fields, "completion": reply, "label": share > _EVEN} for reply, share in told]
    if not 0 < len(right) < len(told):
        return right, labelled, []
    return right, labelled, [{**prompt.fields, "chosen": told[0][0], "rejected": told[-1][0]}]


async def _prompts(layout: Layout, replays: Replays) -> list[_Prompt]:
    """Each distinct prompt in the order in which the candidates asked it."""
    found: dict[str, _Prompt] = {}
    for scored in _scored(layout):
        for call, share in await _shares(scored, replays):
            fields = _fields(call)
            prompt = found.setdefault(files.digest(fields | {"schema": call["schema"]}), _Prompt(fields))
            prompt.replies[_reply(call)].append(share)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Scored:
    """A trajectory that a harness has scored."""

    source: str
    """The source of the harness."""
    id: str
    trajectory: Trajectory
    pairs: list[PairOutcome]
    """The trajectory's pairs that have both rewards."""
    calls: list[Row]
    """The judge calls that were answered."""


def _scored(layout: Layout) -> Iterator[_Scored]:
    """Every trajectory of the search split under every harness, if it is in a pair with both rewards."""
    shared = shared_in(layout.taskset)
    rollouts = load_rollouts(layout.taskset / "trajectories", shared.policy, shared.tools)
    for row in load_ledger(layout.ledger):
        folder = layout.candidate(row.folder)
        for id, pairs in _pairs(folder).items():
            calls = load_trace(folder / "traces" / f"{id}.json")["calls"]
            answered = [call for call in calls if "error" not in call]
            yield _Scored(files.read_text(folder / "harness.py"), id, rollouts[id].trajectory, pairs, answered)


async def _shares(scored: _Scored, replays: Replays) -> list[tuple[Row, float]]:
    """Each reply, as a call, with the share of pairs won by the reward that it leads to."""
    asked: dict[str, dict[bytes, Row]] = defaultdict(dict)
    for call in scored.calls:
        asked[prompt_of(call)].setdefault(_reply(call), call)
    known = fmean(pair.score for pair in scored.pairs)
    told = [(call, known) for replies in asked.values() if len(replies) == 1 for call in replies.values()]
    rival = [call for replies in asked.values() if len(replies) > 1 for call in replies.values()]
    work = (replays.reward(scored.source, scored.trajectory, scored.calls, call) for call in rival)
    rewards = await asyncio.gather(*work)
    found = zip(rival, rewards, strict=True)
    return told + [(call, _share(scored, reward)) for call, reward in found if reward is not None]


def _share(scored: _Scored, reward: float) -> float:
    """The share of a trajectory's pairs that it would win with another reward; a tie counts one half."""
    return fmean(_wins(pair, scored.id, reward) for pair in scored.pairs)


def _wins(pair: PairOutcome, id: str, reward: float) -> float:
    preferred, other = pair.preferred_reward, pair.other_reward
    preferred, other = (reward, other) if id == pair.preferred else (preferred, reward)
    assert preferred is not None
    assert other is not None
    return 0.5 if preferred == other else float(preferred > other)


def _reply(call: Row) -> bytes:
    return files.canonical_json(
        _message({"role": "assistant", "content": call["reply"], "tool_calls": call["tool_calls"]})
    )


def _fields(call: Row) -> Row:
    """The columns of a prompt. All rows have all columns, and tools are JSON as text, so that all have one shape."""
    system = [_message({"role": "system", "content": call["system"]})] if call["system"] else []
    tools = [{"type": "function", "function": tool} for tool in call["tools"]]
    return {"prompt": [*system, *map(_message, call["messages"])], "tools": _text(tools) if tools else None}


def _message(message: Row) -> Row:
    """A message in OpenAI's format."""
    calls = [
        {"type": "function", "id": one["id"], "function": {"name": one["name"], "arguments": _text(one["arguments"])}}
        for one in message.get("tool_calls", ())
    ]
    said = {"role": message["role"], "content": files.as_text(message["content"])}
    return {**said, "tool_calls": calls or None, "tool_call_id": message.get("tool_call_id")}


def _text(value: Any) -> str:
    return files.canonical_json(value).decode()


def _pairs(folder: Path) -> dict[str, list[PairOutcome]]:
    """The pairs with both rewards, by trajectory; empty for a candidate that was not evaluated."""
    found: dict[str, list[PairOutcome]] = defaultdict(list)
    for pair in load_pairs(folder) if (folder / "scores.json").exists() else ():
        if pair.margin is not None:
            found[pair.preferred].append(pair)
            found[pair.other].append(pair)
    return found
