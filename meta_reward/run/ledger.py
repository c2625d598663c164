"""The ledger: one line per candidate, append-only, readable by eye.

Leader, frontier and the next id are computed from its rows, so they are not stored anywhere else as state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError

SCHEMA = 1
_OPTIONAL = ("context_chars", "step")


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate's line. status: `scored`, `rejected` by the validator, or `failed` in evaluation.

    score, low, high: agreement on the search split from 0 to 1 with its 95% interval, None unless scored.
    judge_tokens: on the search split, counted as if nothing had been cached. reason: why it was rejected or failed.
    """

    id: str
    name: str
    iteration: int
    parents: tuple[str, ...]
    status: str
    score: float | None
    low: float | None
    high: float | None
    judge_tokens: int
    judge: str
    hypothesis: str
    reason: str
    context_chars: int | None = field(default=None, kw_only=True)
    """How many characters the model is shown per item, on average. None, and not written, for rewards."""
    step: int | None = field(default=None, kw_only=True)
    """The training step of the policy after which it was made. None, and not written, if no policy is trained."""

    @property
    def cost(self) -> int:
        """What the frontier weighs against the score."""
        return self.judge_tokens if self.context_chars is None else self.context_chars

    @property
    def folder(self) -> str:
        return f"{self.id}-{self.name}"


def candidate_id(number: int) -> str:
    """The id of the nth candidate, counted from 1."""
    return f"c{number:04d}"


def load_ledger(path: Path) -> list[Row]:
    """All rows, in the order of their ids. Raises DataError that names a broken line."""
    return [_parse_row(item, path, number) for number, item in files.numbered_lines(path)]


def render_ledger(rows: Sequence[Row]) -> bytes:
    """The text of `ledger.jsonl`."""
    return b"".join(files.dump_line({"schema": SCHEMA, **_row_to_json(row)}) for row in rows)


def _row_to_json(row: Row) -> dict[str, object]:
    values: dict[str, object] = files.as_dict(row)
    return {name: value for name, value in values.items() if value is not None or name not in _OPTIONAL}


def leader_of(rows: Sequence[Row]) -> Row:
    """The best on search; ties go to fewer judge tokens, then to the lower id. The baseline if none is scored."""
    scored = [row for row in rows if row.score is not None]
    return min(scored, key=lambda row: (-(row.score or 0), row.judge_tokens, row.id), default=rows[0])


def frontier_of(numbers: Mapping[str, tuple[float, int]]) -> list[str]:
    """The ids that no other id beats on both score and cost, cheapest first; among equals, only the lowest id.

    numbers: (score, cost) by id.
    """
    kept: list[str] = []
    for id, (score, _) in sorted(numbers.items(), key=lambda item: (item[1][1], -item[1][0], item[0])):
        if not kept or score > numbers[kept[-1]][0]:
            kept.append(id)
    return kept


def frontier_on_search(rows: Sequence[Row]) -> list[Row]:
    """The scored candidates on the frontier of the search split."""
    by_id = {row.id: row for row in rows}
    return [by_id[id] for id in frontier_of({r.id: (r.score, r.cost) for r in rows if r.score is not None})]


def render_frontier(rows: Sequence[Row]) -> bytes:
    """The text of `frontier.json`."""
    points = [{"id": r.id, "name": r.name, "score": r.score, **_cost_of(r)} for r in frontier_on_search(rows)]
    return files.dump_json({"schema": SCHEMA, "frontier": points})


def _cost_of(row: Row) -> dict[str, int]:
    context = {} if row.context_chars is None else {"context_chars": row.context_chars}
    return {**context, "judge_tokens": row.judge_tokens}


def idle_iterations(rows: Sequence[Row], last: int) -> int:
    """How many iterations, up to `last`, have passed since the best agreement on search last rose."""
    best, progress = -1.0, 0
    for row in rows:
        if row.score is not None and row.score > best:
            best, progress = row.score, row.iteration
    return max(0, last - progress)


def _parse_row(data: Any, path: Path, number: int) -> Row:
    place = f"line {number}"
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(path, f"is not a ledger line of schema {SCHEMA}", place=place)
    try:
        values = {name: data[name] for name in Row.__slots__ if name not in _OPTIONAL}
    except KeyError as error:
        raise DataError(path, f"has no {error}", place=place) from None
    optional = {name: data.get(name) for name in _OPTIONAL}
    return Row(**{**values, **optional, "parents": tuple(values["parents"])})
