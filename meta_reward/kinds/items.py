"""What kinds with one trusted answer to each item share: outcomes, metrics, and the best of several answers."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from meta_reward.evaluation.metrics import Context, Metrics, summarize
from meta_reward.evaluation.outcome import Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.entries import Output

MOST_CATEGORIES = 40
"""Labels or subjects of which there are more are no categories: a table of them says nothing."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The trusted answer to an item, and what a reader may want to know of it."""

    answer: str
    about: Mapping[str, str]


def item_outcomes(
    items: Sequence[Item],
    expected: Mapping[str, Expected],
    results: Sequence[Result],
    is_right: Callable[[str, str], bool],
) -> list[ItemOutcome]:
    """What became of each item, which has one example.

    expected: by item. is_right: of an answer and the trusted one.
    """
    answers = {result.example: result.text for result in results}
    return [_outcome(item, expected[item.id], answers.get(item.examples[0]), is_right) for item in items]


def _outcome(item: Item, known: Expected, answer: str | None, is_right: Callable[[str, str], bool]) -> ItemOutcome:
    score = float(answer is not None and is_right(answer, known.answer))
    return ItemOutcome(item.id, item.task, item.categories, known.answer, answer, score, item.weight, known.about)


def item_metrics(
    part: Part, evaluation: Evaluation, outcomes: Sequence[ItemOutcome], memory: Collection[str]
) -> Metrics:
    """The numbers of an evaluation. memory: what the program has learned, of each data set; empty without any."""
    counted = {id for item in part.items for id in item.examples}
    chars = [_prompt_chars(result) for result in evaluation.results if result.example in counted]
    learned = round(fmean(map(len, memory))) if memory else None
    context = Context(round(fmean(chars), 1) if chars else 0.0, learned)
    return summarize(outcomes, examples=len(evaluation.results), tokens=evaluation.tokens, context=context)


def _prompt_chars(result: Result) -> int:
    """Characters of all that the model was shown in a run."""
    return sum(
        len(call.system or "") + sum(len(message["content"]) for message in call.messages) for call in result.calls
    )


def most_frequent(answers: Sequence[Output], same: Callable[[str], str]) -> Output:
    """The answer that was given most often, the first among equals. same: what two that are the same share."""
    counts = Counter(same(str(answer)) for answer in answers)
    return max(answers, key=lambda answer: counts[same(str(answer))])
