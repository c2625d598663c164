"""Shared by kinds with one trusted answer per item: outcomes, metrics, and the most frequent of several answers."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from meta_reward.evaluation.metrics import Context, Metrics, summarize
from meta_reward.evaluation.outcome import Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.entries import Output

MOST_CATEGORIES = 40
"""With more labels or subjects than this, they are not used as categories: the table would be too long to read."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The trusted answer to an item, and what else a reader may want to know about the item."""

    answer: str
    about: Mapping[str, str]


def item_outcomes(
    items: Sequence[Item],
    expected: Mapping[str, Expected],
    results: Sequence[Result],
    is_right: Callable[[str, str], bool],
) -> list[ItemOutcome]:
    """The outcome of each item, in order; each item has one example.

    expected: by item id. is_right: whether an answer agrees with the trusted one. A missing answer scores 0.
    """
    answers = {result.example: result.text for result in results}
    return [_outcome(item, expected[item.id], answers.get(item.examples[0]), is_right) for item in items]


def _outcome(item: Item, known: Expected, answer: str | None, is_right: Callable[[str, str], bool]) -> ItemOutcome:
    score = float(answer is not None and is_right(answer, known.answer))
    return ItemOutcome(item.id, item.task, item.categories, known.answer, answer, score, item.weight, known.about)


def item_metrics(
    part: Part, evaluation: Evaluation, outcomes: Sequence[ItemOutcome], memory: Collection[str]
) -> Metrics:
    """The numbers of an evaluation. memory: what the program has learned, one text per data set; may be empty."""
    counted = {id for item in part.items for id in item.examples}
    chars = [prompt_chars(result) for result in evaluation.results if result.example in counted]
    learned = round(fmean(map(len, memory))) if memory else None
    context = Context(round(fmean(chars), 1) if chars else 0.0, learned)
    return summarize(outcomes, examples=len(evaluation.results), tokens=evaluation.tokens, context=context)


def prompt_chars(result: Result) -> int:
    """Characters of the system prompts and messages that the model was sent in a run."""
    return sum(
        len(call.system or "") + sum(len(message["content"]) for message in call.messages) for call in result.calls
    )


def most_frequent(answers: Sequence[Output], same: Callable[[str], str]) -> Output:
    """The most frequent answer; the first one in a tie. same: maps equal answers to the same text."""
    counts = Counter(same(str(answer)) for answer in answers)
    return max(answers, key=lambda answer: counts[same(str(answer))])
