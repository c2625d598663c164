"""Kind `classify`: a program labels texts, after it has learned from labelled ones, one at a time.

`learn` is called on each training example in order, and returns the memory that the next call gets. `predict` labels
each text, with the memory after training, in a new process. A task set may hold several data sets: each is learned
separately, and the score is the mean over them.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from meta_reward import files
from meta_reward.evaluation.evaluate import AFTER
from meta_reward.evaluation.learned import learned_labels
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.outcome import Example, Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.budget import Budget
from meta_reward.harness.entries import MEMORY, Output
from meta_reward.harness.validate import Cases, Chain, Place, Program, Step, cases_in_texts
from meta_reward.harness.validate.fixtures import ODD_TEXT
from meta_reward.kinds.base import Kind, Outcomes, Words
from meta_reward.kinds.items import MOST_CATEGORIES, Expected, item_metrics, item_outcomes, most_frequent
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.texts import KIND, LabelledText, TextSet, load_text_set, reading, save_text_set

_SAMPLE_TRAINING = 3
_SHOWN_CHARS = 4_000
"""The most that is stored of what a step of learning removed or added: a program may rewrite everything in each."""
_LEARN, _PREDICT = "learn", "predict"


def _chain(training: Sequence[tuple[str, str]], text: str) -> Chain:
    """Learning from a few texts, and then labelling one."""
    return (
        *(Step(_LEARN, {MEMORY: "", "text": known, "label": label}) for known, label in training),
        Step(_PREDICT, {MEMORY: "", "text": text}),
    )


_FEW = (
    ("My parcel has not arrived.", "delivery"),
    ("The mug came in pieces.", "damage"),
    ("Where is my order?", "delivery"),
)
_PROGRAM = Program(
    required=(_PREDICT,),
    optional=(_LEARN,),
    plain=_chain(_FEW, "The plate has a crack."),
    output="a label",
    odd={
        "a text without training": _chain((), "The plate has a crack."),
        "a text of 100,000 characters": _chain(_FEW, "It came in pieces. " * 5_000),
        "texts and labels with odd Unicode": _chain((*_FEW, (ODD_TEXT, ODD_TEXT[:40])), ODD_TEXT),
        "labels of several lines": _chain((*_FEW, ("Two lines.", "one\ntwo: three")), "\n\n"),
    },
)


class ClassifyKind(Kind):
    """Texts with labels."""

    name = KIND
    words = Words(
        "accuracy",
        "texts",
        "runs",
        "accuracy: share of texts whose label is right, with several data sets the mean over them; [95%]: its interval "
        "by text, or why there is none; failures: texts on which the program failed, which are lost; coverage: share "
        "of the others; context: characters that the model is shown for one text, on average; memory: characters of "
        "what the program has learned; runs: once for each training example, if it learns, and once for each text",
        learned="a linear model of words and letter sequences, trained on the training examples and on the texts of "
        "search and validation",
    )
    program = _PROGRAM
    texts = Path(__file__).parent / "texts" / "classify"
    seeds = "classify"
    simulated = "simulated:reader"
    proposer = "stock"
    budget = Budget(judge_calls=20, judge_tokens=500_000)

    def load(self, path: Path) -> TextSet:
        return load_text_set(path)

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        textset = _of(taskset)
        chosen = textset.part(tasks)
        counts = Counter(text.dataset for text in chosen)
        by_label = len({text.label for text in textset.texts}) <= MOST_CATEGORIES
        chains = {name: _training(textset, name) for name in counts}
        last = {name: chain[-1].id if chain else "" for name, chain in chains.items()}
        predictions = [Example(t.id, t.task, _PREDICT, {"text": t.text}, last[t.dataset]) for t in chosen]
        items = [
            Item(t.id, t.task, (t.id,), _categories(t, len(textset.datasets) > 1, by_label), _weight(t, counts))
            for t in chosen
        ]
        return Part(frozenset(tasks), [*(one for chain in chains.values() for one in chain), *predictions], items)

    def characters(self, example: Example) -> int:
        return len(example.arguments["text"])

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Sequence[ItemOutcome]:
        expected = {text.id: Expected(text.label, {"dataset": text.dataset}) for text in _of(taskset).texts}
        return item_outcomes(part.items, expected, evaluation.results, _is_right)

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        found = cast(Sequence[ItemOutcome], outcomes)
        return item_metrics(part, evaluation, found, [states[-1] for states in _memories(part, evaluation).values()])

    def combined(self, outputs: Sequence[Output]) -> Output:
        return most_frequent(outputs, reading)

    def learned(self, taskset: AnyTaskSet, known: Collection[str], asked: Collection[str]) -> Mapping[str, Output]:
        textset = _of(taskset)
        found: dict[str, Output] = {}
        for name in textset.datasets:
            training = [text for text in (*textset.training, *textset.part(known)) if text.dataset == name]
            texts = [text for text in textset.part(asked) if text.dataset == name]
            labels = learned_labels([(text.text, text.label) for text in training], [text.text for text in texts])
            found |= {text.id: label for text, label in zip(texts, labels, strict=True)}
        return found

    def told(self, evaluation: Evaluation) -> Sequence[Result]:
        """The results on texts, and those training steps that asked the model or failed on their own."""
        return [r for r in evaluation.results if r.entry == _PREDICT or r.calls or (r.error and r.error.kind != AFTER)]

    def artefacts(self, part: Part, evaluation: Evaluation) -> Mapping[str, bytes]:
        """What the program has learned from each data set, and what each step changed."""
        found = {}
        labels = {example.id: example.arguments["label"] for example in part.examples if example.entry == _LEARN}
        steps = {result.example: result for result in evaluation.results if result.entry == _LEARN}
        for name, states in _memories(part, evaluation).items():
            ids = [e.id for e in part.examples if e.entry == _LEARN and e.task == name and steps[e.id].text is not None]
            changes = (_change(before, after) for before, after in pairwise(["", *states]))
            lines = ({"example": id, "label": labels[id], **one} for id, one in zip(ids, changes, strict=True))
            file = f"memory/{_file_name(name)}"
            found[f"{file}.md"] = files.printable(states[-1]).encode()
            found[f"{file}-steps.jsonl"] = b"".join(map(files.dump_line, lines))
        return found

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        textset = _of(taskset)
        save_text_set(folder, textset.about, training=textset.training, texts=textset.part(tasks))

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        textset = _of(taskset)
        return {
            "training examples": {text.id: files.as_dict(text) for text in textset.training},
            "texts": {text.id: files.as_dict(text) for text in textset.texts},
        }

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        textset = _of(taskset)
        chosen = textset.part(tasks)
        shown = [(known.text, known.label) for known in textset.training]
        labels = sorted({text.label for text in chosen})
        shared = [*common, *labels, *(text for text, _ in shown)]
        runs = [_chain(shown[:_SAMPLE_TRAINING], text.text) for text in chosen]
        return cases_in_texts([(Place(text.id, text.task, 0), text.text) for text in chosen], shared, runs)


def _of(taskset: AnyTaskSet) -> TextSet:
    assert isinstance(taskset, TextSet)
    return taskset


def _training(textset: TextSet, dataset: str) -> list[Example]:
    """The steps of learning from a data set, each with the one before it as `after`; their task is the data set."""
    chain: list[Example] = []
    for text in (text for text in textset.training if text.dataset == dataset):
        arguments = {"text": text.text, "label": text.label}
        chain.append(Example(text.id, dataset, _LEARN, arguments, chain[-1].id if chain else ""))
    return chain


def _categories(text: LabelledText, several: bool, by_label: bool) -> tuple[str, ...]:
    return (*([text.dataset] if several else []), *([text.label] if by_label else []))


def _weight(text: LabelledText, counts: Mapping[str, int]) -> float:
    return 1 / counts[text.dataset] if len(counts) > 1 else 1.0


def _memories(part: Part, evaluation: Evaluation) -> dict[str, list[str]]:
    """What the program had learned after each step that did not fail, by data set."""
    states: dict[str, list[str]] = {}
    learned = {result.example: result.text for result in evaluation.results if result.entry == _LEARN}
    for example in part.examples:
        text = learned.get(example.id) if example.entry == _LEARN else None
        if text is not None:
            states.setdefault(example.task, []).append(text)
    return states


def _file_name(dataset: str) -> str:
    """A safe file name for a data set, whose own name may hold anything."""
    plain = re.sub(r"[^\w.-]+", "-", dataset).strip("-.").encode()[:60].decode(errors="ignore")
    return plain if plain == dataset else f"{plain}-{files.digest(dataset)[:8]}"


def _change(before: str, after: str) -> dict[str, list[str]]:
    """The lines that a step removed, and those that it added, whatever their position."""
    if after.startswith(before):  # most memories only grow, and comparing long ones takes time
        old, new = [], after[len(before) :].splitlines()
    else:
        a, b = Counter(before.splitlines()), Counter(after.splitlines())
        old, new = list((a - b).elements()), list((b - a).elements())
    return {"removed": _beginning(old), "added": _beginning([line for line in new if line])}


def _beginning(lines: Sequence[str]) -> list[str]:
    """The first _SHOWN_CHARS characters as lines, and how much is left out."""
    text = "\n".join(lines)
    if len(text) <= _SHOWN_CHARS:
        return list(lines)
    return [*text[:_SHOWN_CHARS].split("\n"), f"[and {len(text) - _SHOWN_CHARS:,} characters]"]


def _is_right(answer: str, label: str) -> bool:
    return reading(answer) == reading(label)
