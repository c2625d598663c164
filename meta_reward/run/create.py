"""Creating a run directory: its settings, an empty history, and the search split, which everybody may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files, folders
from meta_reward.harness.validate import docstring
from meta_reward.kinds.base import Kind
from meta_reward.kinds.registry import kind_of
from meta_reward.run import git
from meta_reward.run.config import render_config
from meta_reward.run.layout import Layout
from meta_reward.run.sessions import SessionRecord, save_session
from meta_reward.run.settings import OFFICIAL, RunConfig
from meta_reward.run.taskset_record import save_parts
from meta_reward.tasks.base import AnyTaskSet

_IGNORED = "/.work/\n/events.jsonl\n"


def interface_text(kind: Kind) -> str:
    """The description of the interface that a proposer reads."""
    return files.read_text(kind.texts / "INTERFACE.md")


@dataclass(frozen=True, slots=True)
class Seed:
    """A harness that a search starts from."""

    name: str
    source: str


def create_run(
    layout: Layout,
    config: RunConfig,
    taskset: AnyTaskSet,
    splits: Mapping[str, tuple[str, ...]],
    seeds: Sequence[Seed],
    *,
    instructions: str,
) -> None:
    """Create the folder of a run, whole or not at all. The seeds are staged in it as iteration 0.

    instructions: what a proposing agent will be told.
    """
    kind = kind_of(taskset)
    with folders.new_folder(layout.root) as folder:
        new = Layout(folder)
        files.write_bytes(new.config, render_config(config))
        files.write_bytes(new.instructions, instructions.encode())
        files.write_bytes(folder / ".gitignore", _IGNORED.encode())
        files.write_bytes(new.history / "README.md", _readme(kind, config))
        files.write_bytes(new.history / "INTERFACE.md", interface_text(kind).encode())
        files.write_bytes(new.ledger, b"")
        files.write_bytes(new.iterations, b"")
        files.write_bytes(new.outcomes, b"")
        kind.show(taskset, splits["search"], new.taskset)
        new.make_sealed()
        save_parts(new, taskset, splits)
        _place_seeds(new, seeds)
        git.init(folder)
        start = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files_of(folder)}
        git.commit(folder, git.Commit(f"Run {layout.root.name} on {taskset.name}", start))
        git.refresh(folder)


def _readme(kind: Kind, config: RunConfig) -> bytes:
    """How to read the history: the text of its kind, and what a learned reward and traces add to it."""
    more = {"LEARNED.md": config.objective.spec != OFFICIAL, "TRACES.md": bool(config.objective.traces)}
    texts = [kind.texts / "HISTORY.md", *(kind.texts.parent / name for name, wanted in more.items() if wanted)]
    return b"".join(path.read_bytes() for path in texts)


def _place_seeds(layout: Layout, seeds: Sequence[Seed]) -> None:
    for seed in seeds:
        folder = layout.staging(0) / seed.name
        hypothesis = docstring(seed.source) or "A seed harness."
        proposal = f"---\nparents: []\n---\n## Hypothesis\n\n{hypothesis}\n"
        files.write_bytes(folder / "harness.py", seed.source.encode())
        files.write_bytes(folder / "proposal.md", proposal.encode())
    save_session(layout, 0, SessionRecord(order=[seed.name for seed in seeds]))


def _files_of(folder: Path) -> list[Path]:
    """The files of a new run that git keeps."""
    left_out = {".git", ".work"}
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] not in left_out)
