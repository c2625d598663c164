"""Samples of a policy in training, from which its reward is refined, and what the judge said about each.

    history/samples/0003/
      samples.json             the training step, the harness that scored them, and why each sample was chosen
      trajectories/<id>.json   as in a task set
      traces/<id>.json         every call of the judge in full, then the reward

A proposer sees all of this, so none of it reveals the true outcome of a sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files, folders
from meta_reward.errors import DataError
from meta_reward.evaluation.records import Result
from meta_reward.records import parse_record
from meta_reward.run.trace_file import load_trace, render_trace
from meta_reward.tasks.records import load_rollouts, save_rollout
from meta_reward.trajectory import Rollout, Tool

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sample that was chosen for a refinement."""

    id: str
    task: str
    why: str
    """Such as `highest reward`."""
    reward: float


@dataclass(frozen=True, slots=True)
class SampleSet:
    """The samples of a refinement."""

    step: int
    """The training step of the policy after which they were drawn."""
    harness: str
    """The id of the candidate that scored them."""
    drawn: int
    """How many samples were drawn; these were chosen from them."""
    samples: tuple[Chosen, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A sample as a proposer sees it."""

    chosen: Chosen
    rollout: Rollout
    said: tuple[str, ...]
    """The judge's replies, in order."""


def save_samples(
    folder: Path,
    chosen: SampleSet,
    rollouts: Mapping[str, Rollout],
    results: Mapping[str, Result],
    *,
    policy: str,
    tools: Sequence[Tool],
) -> None:
    """Write the samples of a refinement. The folder appears whole or not at all, and replaces an existing one."""
    with folders.new_folder(folder, replace=True) as new:
        for sample in chosen.samples:
            save_rollout(new / "trajectories" / f"{sample.id}.json", rollouts[sample.id], policy=policy, tools=tools)
            files.write_json(new / "traces" / f"{sample.id}.json", render_trace(results[sample.id]))
        files.write_json(new / "samples.json", {"schema": SCHEMA, **files.as_dict(chosen)})


def load_sample_set(folder: Path) -> SampleSet:
    """Which samples a refinement was made from. Raises DataError."""
    path = folder / "samples.json"
    data = files.load_json(path)
    try:
        return parse_record(SampleSet, data)
    except TypeError as error:
        raise DataError(path, str(error)) from None


def step_before(folder: Path) -> int | None:
    """The training step after which a refinement was made; None if no policy is trained. Raises DataError."""
    return load_sample_set(folder).step if (folder / "samples.json").exists() else None


def load_samples(folder: Path, *, policy: str, tools: tuple[Tool, ...]) -> list[Seen]:
    """The samples of a refinement in full. policy, tools: those of the task set. Raises DataError."""
    chosen = load_sample_set(folder)
    rollouts = load_rollouts(folder / "trajectories", policy, tools) if chosen.samples else {}
    return [Seen(one, rollouts[one.id], _said(folder / "traces" / f"{one.id}.json")) for one in chosen.samples]


def _said(path: Path) -> tuple[str, ...]:
    trace = load_trace(path)
    with files.reading(path):
        return tuple(str(files.as_text(call["reply"])) for call in trace["calls"])
