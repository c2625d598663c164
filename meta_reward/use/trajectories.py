"""Trajectories without labels, from the rows of a file or from callers of the Python interface.

Files and conversations are read as the importers read them; labels are ignored. A row that cannot be used is not
dropped, but returned with what is wrong with it. JSON lines and tables are streamed, in memory that does not grow with
the file; any other JSON document is loaded whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.importers.detect import detect_format
from meta_reward.tasks.importers.fields import run_of
from meta_reward.tasks.importers.record import NO_LABEL, Item, Options, PairRecord, Problem, RankedRecord, RowError, Run
from meta_reward.tasks.importers.registry import importer
from meta_reward.trajectory import Tool, Trajectory, trajectory_to_json

_PLAIN = "labelled"
"""The format of rows with messages, with or without a label."""
_NOT_ONE_PER_LINE = ("claude-code", "inspect", "mlflow", "tau2-bench")
"""Formats in which a line is a part of a run, or holds several runs."""
_PAIR = "holds several trajectories; `meta-reward evaluate` scores pairs and groups"


class Unreadable(ValueError):
    """An input is not a trajectory that can be scored; the message says why."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The policy and tools for trajectories that do not name their own."""

    policy: str = ""
    tools: tuple[Tool, ...] = ()
    instead: "Instead" = field(default_factory=lambda: Instead())


@dataclass(frozen=True, slots=True)
class Instead:
    """The policy and tools for all trajectories, whatever they name; None to leave theirs."""

    policy: str | None = None
    tools: tuple[Tool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One trajectory of a file, or why there is none."""

    place: str
    """Such as `runs.jsonl, line 17`."""
    trajectory: Trajectory | None
    problem: str = ""
    """Why there is no trajectory."""
    id: str | None = None
    task: str | None = None


def read_trajectories(
    path: Path, shared: Shared, *, task_key: str | None = None, format: str | None = None
) -> Iterator[Row]:
    """Every row of a file, in order, without empty lines. Raises DataError for a file that cannot be read.

    task_key: the field that names the task, if not the format's own. format: None to detect it.
    """
    options = Options(task_key, label_key=NO_LABEL, keep_unparsed=True)
    for item in importer(format or _format_of(path)).read(path, options):
        yield _row(item, shared)


def _format_of(path: Path) -> str:
    """The format of a file. An unrecognized file is read as plain rows, so that each row says what it lacks."""
    try:
        return detect_format(path)
    except DataError:
        return _PLAIN


def _row(item: Item, shared: Shared) -> Row:
    place = f"{item.place.path.name}, {item.place.row}"
    if isinstance(item, Problem):
        what = f"{item.field}: {item.what}" if item.field else item.what
        return Row(place, None, files.printable(what), item.id, item.task)
    if isinstance(item, PairRecord | RankedRecord):
        return Row(place, None, _PAIR)
    try:
        return Row(place, trajectory_of_run(item.run, shared), id=item.id, task=item.task)
    except Unreadable as error:
        return Row(place, None, files.printable(str(error)), item.id, item.task)


def count_rows(path: Path, *, format: str | None = None) -> int | None:
    """How many rows a file of JSON lines has; None for other files, which would have to be parsed.

    format: as in `read_trajectories`.
    """
    if (format or _format_of(path)) in _NOT_ONE_PER_LINE:
        return None
    try:
        with path.open("rb") as file:
            first = next((line for line in file if line.strip()), b"")
            is_lines = first.lstrip().startswith(b"{") and first.rstrip().endswith(b"}")
            return 1 + sum(1 for line in file if line.strip()) if is_lines else None
    except OSError:
        return None


def trajectory_of(data: Any, shared: Shared) -> Trajectory:
    """A trajectory from an object with messages, a list of messages, or a Trajectory. Raises Unreadable."""
    if isinstance(data, Trajectory):
        return _checked(data)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        data = {"messages": list(data)}
    if not isinstance(data, Mapping):
        raise Unreadable(f"is of type {type(data).__name__}, neither an object nor a list of messages")
    try:
        return trajectory_of_run(run_of(dict(data), keep_unparsed=True), shared)
    except RowError as error:
        raise Unreadable(str(error)) from None
    except (TypeError, RecursionError) as error:  # from Python comes what no JSON holds
        raise Unreadable(f"holds what JSON cannot: {error!s:.80}") from None


def trajectory_of_run(run: Run, shared: Shared) -> Trajectory:
    """The trajectory of a run that an importer read, with its missing policy and tools filled in. Raises Unreadable."""
    policy = next(p for p in (shared.instead.policy, run.policy, shared.policy) if p is not None)
    tools = next(t for t in (shared.instead.tools, run.tools, shared.tools) if t is not None)
    return _checked(Trajectory(policy, tools, run.messages))


def _checked(trajectory: Trajectory) -> Trajectory:
    """The trajectory, if it has a message and can be stored as JSON. Raises Unreadable."""
    if not trajectory.messages:
        raise Unreadable("has no messages")
    try:
        orjson.dumps(trajectory_to_json(trajectory))
        too_deep = any(files.is_too_deep(call.arguments) for m in trajectory.messages for call in m.tool_calls)
    except (TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"holds what JSON cannot: {error!s:.80}") from None
    if too_deep:
        raise Unreadable("tool arguments are nested too deeply")
    return trajectory
