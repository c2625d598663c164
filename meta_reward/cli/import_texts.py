"""`meta-reward import --kind classify`: rows of text and label as a task set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_reward.files import printable


@dataclass(frozen=True, slots=True)
class Told:
    """What an import says."""

    lines: list[str]
    data: Any
    """The same as a dataclass, for programs."""


def run(paths: tuple[Path, ...], path: Path, flags: Mapping[str, Any], *, dry_run: bool) -> Told:
    """Import labelled texts to `path`, unless it is a dry run."""
    from meta_reward.report.imported_texts import imported_texts, render_texts
    from meta_reward.tasks.about import About
    from meta_reward.tasks.importers.text_rows import Keys, read_text_rows
    from meta_reward.tasks.importers.texts import make_texts
    from meta_reward.tasks.texts import KIND, TextSet, save_text_set

    keys = Keys(flags["text_key"], flags["class_key"], flags["dataset_key"], flags["split_key"])
    found = read_text_rows(paths, keys, name=path.name, skip_errors=flags["skip_errors"])
    made = make_texts(found.rows, path, name=path.name, seed=flags["seed"])
    source = flags["source"] or printable(", ".join(str(Path(p.parent.name, p.name)) for p in paths[:5]))
    about = About(path.name, source=source, licence=flags["licence"], kind=KIND)
    taskset = TextSet(path, about, made.training, made.texts, made.division, digest="")
    if not dry_run:
        save_text_set(
            path,
            about,
            training=made.training,
            texts=made.texts,
            division=made.division,
            replace=flags["force"],
        )
    return Told(render_texts(found, made, taskset), imported_texts(found, made, taskset))
