"""Pairs in our own format for users' data: a row is `{task?, chosen, rejected, category?, annotator?}`.

Each side is a list of messages, or an object `{messages, tools?, policy?}`; with a field `prompt`, a side may be
the agent's answer to it alone. What the row says about policy and tools holds for both sides.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.fields import as_object, run_of, task_of, text_field, with_policy_and_tools
from meta_reward.tasks.importers.messages import read_messages
from meta_reward.tasks.importers.record import Item, Options, PairRecord, Place, RowError, Run, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows


def recognizes(row: dict[str, Any]) -> bool:
    return "chosen" in row and "rejected" in row


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(iter_rows(path), partial(_pair, options=options))


def _pair(place: Place, row: Any, options: Options) -> PairRecord:
    fields = as_object(row)
    chosen, rejected = (side_of(fields, fields.get(name), name) for name in ("chosen", "rejected"))
    return pair_record(
        place,
        chosen,
        rejected,
        task=task_of(fields, options.task_key),
        categories=categories_of(fields),
        annotator=text_field(fields, "annotator"),
    )


def pair_record(
    place: Place,
    chosen: Run,
    rejected: Run,
    *,
    task: str | None,
    categories: tuple[str, ...] = (),
    annotator: str | None = None,
) -> PairRecord:
    """A pair of two different runs. Raises a RowError that skips the row if they are the same."""
    if chosen == rejected:
        raise RowError("", "chosen and rejected are the same", skip=True)
    return PairRecord(place, chosen, rejected, task, categories, annotator)


def side_of(row: dict[str, Any], side: Any, name: str) -> Run:
    """One of the trajectories of a row. name: its name in the row, for errors."""
    if side is None:
        raise RowError(name, "is missing")
    if isinstance(side, dict):
        return with_policy_and_tools(run_of(side, prefix=name), {**row, **_said(side)})
    try:
        return with_policy_and_tools(read_messages(_messages(side, row.get("prompt"))), row)
    except RowError as error:
        raise error.inside(name) from None


def _said(side: dict[str, Any]) -> dict[str, Any]:
    """A side's own policy and tools; its policy under one name overrides the row's under another name."""
    own = {name: side[name] for name in ("policy", "system", "instructions", "tools") if side.get(name) is not None}
    if own.keys() & {"policy", "system", "instructions"}:
        own = {"policy": None, "system": None, "instructions": None} | own
    return own


def _messages(side: Any, prompt: Any) -> Any:
    if prompt is None:
        return side
    asked = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    if not isinstance(asked, list):
        raise RowError("prompt", f"is {brief(prompt)}, neither text nor a list of messages")
    if isinstance(side, str) and not side.lstrip().startswith("["):
        return [*asked, {"role": "assistant", "content": side}]
    return side if isinstance(side, str) or _begins_with(side, asked) else [*asked, *side]


def _begins_with(side: Any, asked: list[Any]) -> bool:
    return not isinstance(side, list) or side[: len(asked)] == asked


def categories_of(row: dict[str, Any]) -> tuple[str, ...]:
    """The failure categories of a row."""
    for name in ("category", "categories"):
        value = row.get(name)
        if value is None:
            continue
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in listed):
            raise RowError(name, f"is {brief(value)}, neither text nor a list of texts")
        return tuple(dict.fromkeys(item.strip() for item in listed if item.strip()))
    return ()
