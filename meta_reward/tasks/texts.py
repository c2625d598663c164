"""Task sets of labelled texts, for programs that classify: a folder that a person can grep.

    tasks/<name>/
      taskset.json         as for every kind; its kind is `classify`
      training.jsonl       what a program may learn from, in order: one line `{"id", "dataset", "text", "label"}` each
      texts.jsonl          what it then classifies: lines of the same form
      splits.json          which text belongs to which split; training texts belong to none

Texts that read the same are one task, so that no split reveals a label of another. Loading checks everything that a
search relies on; errors name the file and the line.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.tasks.about import About, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder, digest_of, new_task_set
from meta_reward.tasks.divide import Division
from meta_reward.tasks.entries import load_entries
from meta_reward.tasks.records import is_name
from meta_reward.tasks.splits import load_division

KIND = "classify"
TRAINING, TEXTS = "training.jsonl", "texts.jsonl"
_FIELDS = ("id", "dataset", "text", "label")


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the label that it should get."""

    id: str
    dataset: str
    """The data set it comes from; a task set may hold several."""
    text: str
    label: str
    task: str = ""
    """The id of the first text that reads the same; set when loaded, not stored."""


@dataclass(frozen=True, slots=True)
class TextSet(AnyTaskSet):
    """A loaded task set of labelled texts."""

    content = ("taskset.json", TRAINING, TEXTS, "splits.json")

    path: Path
    about: About
    training: tuple[LabelledText, ...]
    """In the order in which a program learns from them."""
    texts: tuple[LabelledText, ...]
    division: Division | None
    digest: str

    @property
    def tasks_of_items(self) -> Sequence[str]:
        return [text.task for text in self.texts]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the data sets, in the order in which they first occur among the texts."""
        return tuple(dict.fromkeys(text.dataset for text in self.texts))

    def part(self, tasks: Collection[str]) -> list[LabelledText]:
        """The texts of these tasks, in file order."""
        wanted = set(tasks)
        return [text for text in self.texts if text.task in wanted]


def reading(text: str) -> str:
    """A normal form of a text, the same for texts that differ only in case, width or white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def with_tasks(texts: Iterable[LabelledText]) -> tuple[LabelledText, ...]:
    """The texts, each with its task."""
    first: dict[str, str] = {}
    return tuple(replace(text, task=first.setdefault(reading(text.text), text.id)) for text in texts)


def load_text_set(path: Path) -> TextSet:
    """Load and check a task set of labelled texts. Raises DataError that names the file and what to fix."""
    check_folder(path)
    about = load_about(path, kind=KIND)
    training = load_entries(path / TRAINING, _parse)
    texts = with_tasks(load_entries(path / TEXTS, _parse, what="texts", taken={text.id for text in training}))
    tasks = {text.task for text in texts}
    return TextSet(path, about, training, texts, load_division(path, tasks, tasks), digest_of(path, TextSet.content))


def save_text_set(
    path: Path,
    about: About,
    *,
    training: Iterable[LabelledText],
    texts: Iterable[LabelledText],
    division: Division | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all.

    replace: whether to replace an existing task set; its openings are kept.
    """
    with new_task_set(path, about, division, replace=replace) as folder:
        files.write_lines(folder / TRAINING, map(_stored, training))
        files.write_lines(folder / TEXTS, map(_stored, texts))


def _stored(text: LabelledText) -> dict[str, str]:
    return {name: getattr(text, name) for name in _FIELDS}


def _parse(data: dict[str, Any]) -> LabelledText:
    wrong = next((name for name in _FIELDS if not isinstance(data.get(name), str)), None)
    if wrong is not None:
        raise ValueError(f"is not a labelled text: {wrong} is missing or not text")
    text = LabelledText(*(data[name] for name in _FIELDS))
    if not is_name(text.id):
        raise ValueError(f"id {text.id!r} is not letters, digits, dots, dashes and underscores")
    empty = next((name for name in ("text", "label") if not data[name].strip()), None)
    if empty is not None:
        raise ValueError(f"{empty} is empty")
    return text
