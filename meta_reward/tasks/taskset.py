"""Task sets of pairs on disk: a folder that a person can grep.

    tasks/<name>/
      taskset.json         schema version, name, where it comes from, licence, whether it is simulated
      policy.md            the policy the agents worked under
      tools.json           the tools they had
      trajectories/<id>.json   one rollout: id, task, success, messages; its own policy and tools, if they differ
      pairs.jsonl          one pair per line: id, task, preferred, other, categories; missing until there are labels
      groups.jsonl         groups of several trajectories in a trusted order; optional (groups.py)
      splits.json          which task belongs to which split; written at first use if it is missing

Loading checks everything that a search relies on; errors name the file and the line. The digest covers these files and
nothing else in the folder.
"""

import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files, folders
from meta_reward.errors import DataError
from meta_reward.tasks.about import REWARD, About, load_about, save_about
from meta_reward.tasks.annotations import Annotations, save_annotations
from meta_reward.tasks.base import AnyTaskSet, check_folder, digest_of, new_task_set
from meta_reward.tasks.divide import Division
from meta_reward.tasks.groups import NAME as GROUPS_FILE
from meta_reward.tasks.groups import RankedGroup, group_of_pair, groups_from_success, load_groups
from meta_reward.tasks.records import load_pairs, load_rollouts, parse_tools, save_rollout
from meta_reward.tasks.splits import NAME as SPLITS_FILE
from meta_reward.tasks.splits import load_division, save_division
from meta_reward.trajectory import Pair, Rollout, Tool


@dataclass(frozen=True, slots=True)
class TaskSet(AnyTaskSet):
    """A loaded task set of preference pairs."""

    content = (
        "taskset.json",
        "policy.md",
        "tools.json",
        "pairs.jsonl",
        "groups.jsonl",
        "splits.json",
        "trajectories/*.json",
    )

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
    groups: tuple[RankedGroup, ...] = ()
    """The groups in `groups.jsonl`. If there are none, groups are made from labels."""

    @property
    def tasks_of_items(self) -> Sequence[str]:
        return [pair.task for pair in self.pairs]

    @property
    def tasks(self) -> Collection[str]:
        return {rollout.task for rollout in self.rollouts.values()}

    def part(self, tasks: Collection[str]) -> tuple[list[Rollout], list[Pair]]:
        """The rollouts of these tasks in the order of ids, and their pairs in file order."""
        wanted = set(tasks)
        rollouts = [rollout for _, rollout in sorted(self.rollouts.items()) if rollout.task in wanted]
        return rollouts, [pair for pair in self.pairs if pair.task in wanted]

    def given_groups(self, tasks: Collection[str]) -> list[RankedGroup]:
        """The groups of these tasks in `groups.jsonl`."""
        wanted = set(tasks)
        return [group for group in self.groups if group.task in wanted]

    def groups_of(self, tasks: Collection[str]) -> list[RankedGroup]:
        """The groups, including the pairs, on which rewards are measured for these tasks."""
        rollouts, pairs = self.part(tasks)
        drawn = () if self.groups else groups_from_success(rollouts)
        return [*map(group_of_pair, pairs), *self.given_groups(tasks), *drawn]


def load_task_set(path: Path) -> TaskSet:
    """Load and check a task set. Raises DataError that names the file and what to fix."""
    check_folder(path)
    about = load_about(path, kind=REWARD)
    policy = files.read_text(path / "policy.md")
    tools = parse_tools(files.load_json(path / "tools.json"), path / "tools.json")
    rollouts = load_rollouts(path / "trajectories", policy, tools)
    unlabelled = not any((path / name).exists() for name in ("pairs.jsonl", SPLITS_FILE))
    pairs = () if unlabelled else load_pairs(path / "pairs.jsonl", rollouts)
    groups = load_groups(path, rollouts)
    if shared := {pair.id for pair in pairs} & {group.id for group in groups}:
        raise DataError(path / GROUPS_FILE, f"group id {min(shared)!r} is also the id of a pair")
    division = load_division(path, {pair.task for pair in pairs}, {r.task for r in rollouts.values()})
    return TaskSet(path, about, policy, tools, rollouts, pairs, division, digest_of(path, TaskSet.content), groups)


def save_task_set(
    path: Path,
    about: About,
    *,
    policy: str,
    tools: Sequence[Tool],
    rollouts: Iterable[Rollout],
    pairs: Iterable[Pair],
    groups: Sequence[RankedGroup] = (),
    division: Division | None = None,
    annotations: Annotations | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all.

    replace: whether to replace an existing task set; its openings are kept.
    """
    with new_task_set(path, about, division, replace=replace) as folder:
        files.write_bytes(folder / "policy.md", policy.encode())
        files.write_json(folder / "tools.json", tools)
        (folder / "trajectories").mkdir()
        for rollout in rollouts:
            save_rollout(folder / "trajectories" / f"{rollout.id}.json", rollout, policy=policy, tools=tools)
        if stored := list(pairs):
            files.write_lines(folder / "pairs.jsonl", stored)
        if groups:
            files.write_lines(folder / GROUPS_FILE, groups)
        if annotations is not None:
            save_annotations(folder, annotations)


def grow_task_set(before: TaskSet, after: TaskSet, annotations: Annotations) -> None:
    """Add trajectories, pairs and groups to a task set on disk; the folder changes completely or not at all.

    after: the task set `before` with the new trajectories and pairs appended. Unchanged trajectories, existing lines
    of pairs and all other files stay the same, byte for byte.
    """
    with folders.new_folder(before.path, replace=True) as folder:
        shutil.copytree(before.path, folder, symlinks=True, dirs_exist_ok=True)
        save_about(folder, after.about)
        for id, rollout in after.rollouts.items():
            if rollout != before.rollouts.get(id):
                path = folder / "trajectories" / f"{id}.json"
                save_rollout(path, rollout, policy=before.policy, tools=before.tools)
        new = b"".join(files.dump_line(pair) for pair in after.pairs[len(before.pairs) :])
        if before.pairs or new:
            pairs = files.read_bytes(folder / "pairs.jsonl").rstrip(b"\n") + b"\n" if before.pairs else b""
            files.write_bytes(folder / "pairs.jsonl", pairs + new)
        if after.groups != before.groups:
            files.write_lines(folder / GROUPS_FILE, after.groups)
        if after.division is not None:
            save_division(folder, after.division)
        save_annotations(folder, annotations)
