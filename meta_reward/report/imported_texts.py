"""The result of importing labelled texts, as text and as JSON."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_reward.report.imported import Skipped, power_of_task_set, render_power, render_skipped
from meta_reward.report.tables import plural
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.texts import reading

if TYPE_CHECKING:
    from meta_reward.tasks.importers.text_rows import TextRows
    from meta_reward.tasks.importers.texts import LeftOut, MadeTexts
    from meta_reward.tasks.texts import TextSet

_GAIN = 0.2


@dataclass(frozen=True, slots=True)
class DataSetSize:
    """The contents of one data set of a task set."""

    name: str
    training: int
    labels: int
    """Different labels among the training examples."""
    texts: int
    splits: dict[str, int]
    """Texts of each split."""
    two_labels: int
    """Texts of the training examples that have more than one label."""
    unlearnable: int
    """Texts to classify with a label that no training example has."""


@dataclass(frozen=True, slots=True)
class ImportedTexts:
    """The imported texts, as `--json` prints them."""

    rows: int
    fields: list[dict[str, str]]
    """The fields that were read; more than one entry if the files differ."""
    datasets: list[DataSetSize]
    left_out: "LeftOut"
    halved: list[str]
    """Data sets that name no training examples, so half of their texts became examples."""
    pooled: list[str]
    """Data sets whose own splits were ignored, because one of them would be empty."""
    skipped: list[Skipped]


def imported_texts(found: "TextRows", made: "MadeTexts", taskset: "TextSet") -> ImportedTexts:
    """A summary of the imported texts."""
    named = [{"text": key.text or "", "label": key.label or ""} for key in found.keys]
    return ImportedTexts(
        rows=len(found.rows) + len(found.skipped),
        fields=[fields for n, fields in enumerate(named) if fields not in named[:n]],
        datasets=[_size(name, taskset) for name in _names(taskset)],
        left_out=made.left_out,
        halved=list(made.halved),
        pooled=list(made.pooled),
        skipped=[Skipped(str(p.place.path), p.place.row, p.field, p.what) for p in found.skipped],
    )


def render_texts(found: "TextRows", made: "MadeTexts", taskset: "TextSet") -> list[str]:
    """The imported texts in a few lines."""
    about = imported_texts(found, made, taskset)
    lines = [f"text: field {fields['text']}; label: field {fields['label']}" for fields in about.fields]
    lines += [line for size in about.datasets for line in _about(size)]
    if about.halved:
        lines.append(f"no training examples are named for {', '.join(about.halved)}: half of its texts were taken")
    if about.pooled:
        lines.append(f"{', '.join(about.pooled)}: divided anew, since its files leave some split without a text")
    lines += _left_out(about.left_out)
    if found.skipped:
        lines.append(render_skipped(found.skipped, about.rows))
    lines.append(render_power(power_of_task_set(taskset, _GAIN)))
    return lines


def _names(taskset: "TextSet") -> list[str]:
    return list(dict.fromkeys(text.dataset for text in (*taskset.training, *taskset.texts)))


def _size(name: str, taskset: "TextSet") -> DataSetSize:
    training = [text for text in taskset.training if text.dataset == name]
    texts = [text for text in taskset.texts if text.dataset == name]
    labels: dict[str, set[str]] = defaultdict(set)
    for text in training:
        labels[reading(text.text)].add(text.label)
    known = {text.label for text in training}
    split_of = {task: split for split, tasks in _division(taskset).items() for task in tasks}
    counts = Counter(split_of[text.task] for text in texts)
    return DataSetSize(
        name=name,
        training=len(training),
        labels=len(known),
        texts=len(texts),
        splits={split: counts[split] for split in SPLITS},
        two_labels=sum(len(of_text) > 1 for of_text in labels.values()),
        unlearnable=sum(text.label not in known for text in texts),
    )


def _division(taskset: "TextSet") -> dict[str, tuple[str, ...]]:
    return {} if taskset.division is None else dict(taskset.division.splits)


def _about(size: DataSetSize) -> list[str]:
    parts = ", ".join(f"{split} {count}" for split, count in size.splits.items())
    examples, labels = plural(size.training, "training example"), plural(size.labels, "label")
    lines = [f"{size.name}: {examples} with {labels}; {plural(size.texts, 'text')} to classify: {parts}"]
    if size.two_labels:
        lines.append(f"{size.name}: {plural(size.two_labels, 'training text')} with more than one label, kept")
    if size.unlearnable:
        what = "whose label no training example has: a program cannot learn it from them"
        lines.append(f"{size.name}: {size.unlearnable} of {plural(size.texts, 'text')} {what}")
    return lines


def _left_out(left_out: "LeftOut") -> list[str]:
    reasons = (
        (left_out.in_training, "also among the training examples"),
        (left_out.repeated, "given twice"),
        (left_out.contradictory, "given with more than one label"),
    )
    told = [f"{count} {why}" for count, why in reasons if count]
    return [f"left out of the splits: {', '.join(told)}"] if told else []
