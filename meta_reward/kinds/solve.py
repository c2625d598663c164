"""Kind `solve`: a program answers problems, and may search a corpus of worked examples for help."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from meta_reward import files
from meta_reward.evaluation.metrics import Metrics
from meta_reward.evaluation.outcome import Example, Item, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.entries import Output
from meta_reward.harness.host import Host
from meta_reward.harness.validate import Cases, Place, Program, Step, cases_in_texts
from meta_reward.harness.validate.fixtures import ODD_TEXT
from meta_reward.kinds.base import Kind, Outcomes, Words
from meta_reward.kinds.corpus import CorpusHost
from meta_reward.kinds.corpus_index import index_of
from meta_reward.kinds.items import Expected, item_metrics, item_outcomes, most_frequent
from meta_reward.tasks.answers import is_same_answer, normal_answer
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.problems import KIND, CorpusText, ProblemSet, categories_of, load_problem_set, save_problem_set

_SOLVE = "solve"
_MADE_UP = (
    CorpusText("m1", "Problem: What is 2 + 3?\nSolution: We add: $2 + 3 = \\boxed{5}$.", {"subject": "sums"}),
    CorpusText("m2", "Problem: What is 7 - 4?\nSolution: We take away: \\boxed{3}.", {"subject": "differences"}),
    CorpusText("m3", f"Problem: {ODD_TEXT}\nSolution: none", {"subject": ODD_TEXT}),
)


def _made_up_host() -> Host:
    return CorpusHost(index_of("made up", _MADE_UP))


def _step(problem: str) -> tuple[Step]:
    return (Step(_SOLVE, {"problem": problem}),)


_PROGRAM = Program(
    required=(_SOLVE,),
    plain=_step("What is 12 + 30?"),
    output="an answer",
    odd={
        "a problem without words": _step("$$?$$"),
        "a problem of 100,000 characters": _step("What is 1 + 1? " * 6_600),
        "a problem with odd Unicode": _step(ODD_TEXT),
    },
    host=_made_up_host,
)


class _Corpora:
    """Makes the hosts of a task set. Its corpus is indexed on first use."""

    draws_anew = False

    def __init__(self, taskset: ProblemSet) -> None:
        self._taskset = taskset
        self.digest = files.digest([files.as_dict(text) for text in taskset.corpus])

    def open(self, example: Example) -> Host:
        return CorpusHost(index_of(self.digest, self._taskset.corpus))

    async def works(self, example: Example) -> bool:
        """It always does."""
        return True


class SolveKind(Kind):
    """Problems with one right answer each."""

    name = KIND
    words = Words(
        "accuracy",
        "problems",
        "problems",
        "accuracy: share of problems whose answer is right, however it is written; [95%]: its interval by problem, or "
        "why there is none; failures: problems on which the program failed, which are lost; coverage: share of the "
        "others; context: characters that the model is shown for one problem, on average",
    )
    program = _PROGRAM
    texts = Path(__file__).parent / "texts" / "solve"
    seeds = "solve"
    simulated = "simulated:solver"
    proposer = "stock"

    def load(self, path: Path) -> ProblemSet:
        return load_problem_set(path)

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        problems = _of(taskset).part(tasks)
        categories = categories_of(_of(taskset).problems)
        examples = [Example(one.id, one.task, _SOLVE, {"problem": one.problem}) for one in problems]
        items = [Item(one.id, one.task, (one.id,), categories[one.id]) for one in problems]
        return Part(frozenset(tasks), examples, items)

    def characters(self, example: Example) -> int:
        return len(example.arguments["problem"])

    def hosts(self, taskset: AnyTaskSet) -> _Corpora:
        return _Corpora(_of(taskset))

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Sequence[ItemOutcome]:
        expected = {one.id: Expected(one.answer, {}) for one in _of(taskset).problems}
        return item_outcomes(part.items, expected, evaluation.results, is_same_answer)

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        return item_metrics(part, evaluation, cast(Sequence[ItemOutcome], outcomes), ())

    def combined(self, outputs: Sequence[Output]) -> Output:
        return most_frequent(outputs, normal_answer)

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        problems = _of(taskset)
        save_problem_set(folder, problems.about, problems=problems.part(tasks), corpus=problems.corpus)

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        problems = _of(taskset)
        return {
            "corpus texts": {text.id: files.as_dict(text) for text in problems.corpus},
            "problems": {one.id: files.as_dict(one) for one in problems.problems},
        }

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        problems = _of(taskset).part(tasks)
        texts = [(Place(one.id, one.task, 0), f"{one.problem}\n{one.solution or ''}") for one in problems]
        return cases_in_texts(texts, common, [_step(one.problem) for one in problems])


def _of(taskset: AnyTaskSet) -> ProblemSet:
    assert isinstance(taskset, ProblemSet)
    return taskset
