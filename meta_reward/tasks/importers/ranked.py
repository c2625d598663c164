"""Ranked groups in our own format for users' data: a row is `{task?, ranked: [best, ..., worst], category?}`.

Each trajectory is a list of messages, or an object `{messages, tools?, policy?}`; with a field `prompt`, one may be the
agent's answer to it alone. What the row says about policy and tools holds for all of them.
"""

from collections.abc import Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from meta_reward.tasks.groups import LARGEST
from meta_reward.tasks.importers.fields import as_object, task_of
from meta_reward.tasks.importers.pairs import categories_of, side_of
from meta_reward.tasks.importers.record import Item, Options, Place, RankedRecord, RowError, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows


def recognizes(row: dict[str, Any]) -> bool:
    return "ranked" in row


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(iter_rows(path), partial(_ranked, options=options))


def _ranked(place: Place, row: Any, options: Options) -> RankedRecord:
    fields = as_object(row)
    listed = fields.get("ranked")
    if not isinstance(listed, list) or not 2 <= len(listed) <= LARGEST:
        found = f"{len(listed)} trajectories" if isinstance(listed, list) else brief(listed)
        raise RowError("ranked", f"is {found}, not a list of 2 to {LARGEST}, the best first")
    runs = tuple(side_of(fields, one, f"ranked, number {number}") for number, one in enumerate(listed, 1))
    if any(one == other for one, other in combinations(runs, 2)):
        raise RowError("ranked", "has the same trajectory twice", skip=True)
    return RankedRecord(place, runs, task_of(fields, options.task_key), categories_of(fields))
