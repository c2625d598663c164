"""Task sets on disk: a folder a person can grep.

    tasks/<name>/
      taskset.json         schema version, name, where it comes from, licence, whether it is simulated
      policy.md            the policy the agents worked under
      tools.json           the tools they had
      trajectories/<id>.json   one rollout: id, task, success, messages; its own policy and tools, if they differ
      pairs.jsonl          one pair per line: id, task, preferred, other, categories
      splits.json          which task belongs to which split; written at first use if it is missing

Loading checks everything a search relies on and names file and line of what is wrong. The digest
covers all of these files and nothing else in the folder.
"""

import dataclasses
import hashlib
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from meta_reward import files, folders
from meta_reward.errors import DataError
from meta_reward.tasks.annotations import Annotations, save_annotations
from meta_reward.tasks.divide import Division
from meta_reward.tasks.openings import keep_openings
from meta_reward.tasks.records import is_name, load_pairs, load_rollouts, parse_tools, save_rollout
from meta_reward.tasks.splits import NAME as SPLITS_FILE
from meta_reward.tasks.splits import load_division, save_division
from meta_reward.trajectory import Pair, Rollout, Tool

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class About:
    """The description of a task set."""

    name: str
    source: str = ""
    licence: str = ""
    simulated: bool = False
    category_notes: dict[str, str] = field(default_factory=dict)
    """What each category of its pairs means."""


@dataclass(frozen=True, slots=True)
class TaskSet:
    """A loaded task set."""

    path: Path
    about: About
    policy: str
    tools: tuple[Tool, ...]
    rollouts: dict[str, Rollout]
    """By id, in file order."""
    pairs: tuple[Pair, ...]
    division: Division | None
    """Its splits, which cover every task that has pairs; None without `splits.json`."""
    digest: str

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def tasks_with_pairs(self) -> tuple[str, ...]:
        """The tasks that can be divided into splits, sorted."""
        return tuple(sorted({pair.task for pair in self.pairs}))

    def pairs_of_each(self, tasks: Iterable[str]) -> list[int]:
        """How many pairs each of some tasks has, for those that have any."""
        counts = Counter(pair.task for pair in self.pairs)
        return [counts[task] for task in tasks if counts[task]]

    def part(self, tasks: Collection[str]) -> tuple[list[Rollout], list[Pair]]:
        """The rollouts of some tasks in the order of their ids, and their pairs in file order."""
        wanted = set(tasks)
        rollouts = [rollout for _, rollout in sorted(self.rollouts.items()) if rollout.task in wanted]
        return rollouts, [pair for pair in self.pairs if pair.task in wanted]

    def with_division(self, division: Division) -> Self:
        """Write a division to the folder; returns the task set as it is then."""
        save_division(self.path, division)
        return dataclasses.replace(self, division=division, digest=digest_of(self.path))

    def as_of(self, digest: str) -> Self:
        """The task set as a run knows it that was created before the splits were written down; else as it is."""
        if self.digest == digest or digest_of(self.path, without=SPLITS_FILE) != digest:
            return self
        return dataclasses.replace(self, division=None, digest=digest)


def load_task_set(path: Path) -> TaskSet:
    """Load and check a task set. Raises DataError that names the file and what to fix."""
    if not path.is_dir():
        raise DataError(path, "is not a task set: no such folder", hint="see `meta-reward tasks`")
    about = _load_about(path / "taskset.json")
    policy = files.read_text(path / "policy.md")
    tools = parse_tools(files.load_json(path / "tools.json"), path / "tools.json")
    rollouts = load_rollouts(path / "trajectories", policy, tools)
    pairs = load_pairs(path / "pairs.jsonl", rollouts)
    division = load_division(path, {pair.task for pair in pairs}, {r.task for r in rollouts.values()})
    return TaskSet(path, about, policy, tools, rollouts, pairs, division, digest_of(path))


def save_task_set(
    path: Path,
    about: About,
    *,
    policy: str,
    tools: Sequence[Tool],
    rollouts: Iterable[Rollout],
    pairs: Iterable[Pair],
    division: Division | None = None,
    annotations: Annotations | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all. replace: an existing one, except its openings."""
    with folders.new_folder(path, replace=replace) as folder:
        keep_openings(path, folder)
        files.write_json(folder / "taskset.json", {"schema": SCHEMA, **files.as_dict(about)})
        files.write_bytes(folder / "policy.md", policy.encode())
        files.write_json(folder / "tools.json", tools)
        (folder / "trajectories").mkdir()
        for rollout in rollouts:
            save_rollout(folder / "trajectories" / f"{rollout.id}.json", rollout, policy=policy, tools=tools)
        files.write_lines(folder / "pairs.jsonl", pairs)
        if division is not None:
            save_division(folder, division)
        if annotations is not None:
            save_annotations(folder, annotations)


def grow_task_set(before: TaskSet, after: TaskSet, annotations: Annotations) -> None:
    """Write what a task set has gained; the folder changes whole or not at all.

    after: the same with more trajectories and pairs behind those of `before`. Everything else in the folder,
    the files of trajectories that did not change and the lines of pairs stay byte for byte as they are.
    """
    with folders.new_folder(before.path, replace=True) as folder:
        shutil.copytree(before.path, folder, symlinks=True, dirs_exist_ok=True)
        files.write_json(folder / "taskset.json", {"schema": SCHEMA, **files.as_dict(after.about)})
        for id, rollout in after.rollouts.items():
            if rollout != before.rollouts.get(id):
                path = folder / "trajectories" / f"{id}.json"
                save_rollout(path, rollout, policy=before.policy, tools=before.tools)
        pairs = files.read_bytes(folder / "pairs.jsonl").rstrip(b"\n") + b"\n"
        new = (files.dump_line(pair) for pair in after.pairs[len(before.pairs) :])
        files.write_bytes(folder / "pairs.jsonl", pairs + b"".join(new))
        if after.division is not None:
            save_division(folder, after.division)
        save_annotations(folder, annotations)


def digest_of(path: Path, *, without: str = "") -> str:
    """A digest of everything in a task set's folder that a search depends on. without: a file to leave out."""
    names = ["taskset.json", "policy.md", "tools.json", "pairs.jsonl", "splits.json"]
    paths = [path / name for name in names if (path / name).exists() and name != without]
    paths += sorted((path / "trajectories").glob("*.json"))
    whole = hashlib.sha256()
    for file in paths:
        content = hashlib.sha256(files.read_bytes(file)).hexdigest()
        whole.update(f"{file.relative_to(path).as_posix()} {content}\n".encode())
    return "sha256:" + whole.hexdigest()


def _load_about(path: Path) -> About:
    data = files.load_json(path)
    if not isinstance(data, dict) or "schema" not in data:
        raise DataError(path, "is not the description of a task set", hint="import it again")
    if data["schema"] != SCHEMA:
        raise DataError(path, f"has schema {data['schema']!r}; this version reads {SCHEMA}", hint="import it again")
    name = data.get("name")
    if not isinstance(name, str) or not is_name(name):
        raise DataError(path, f"name {name!r} is not letters, digits, dots, dashes and underscores")
    notes = data.get("category_notes", {})
    return About(
        name=name,
        source=str(data.get("source", "")),
        licence=str(data.get("licence", "")),
        simulated=data.get("simulated") is True,
        category_notes={str(k): str(v) for k, v in notes.items()} if isinstance(notes, dict) else {},
    )
