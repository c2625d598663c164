"""Controls of a test: what simpler methods reach on the same sealed pairs.

    matched budget   the baseline, run again until it has spent the tokens of the tested harness; answers combined
    re-roll          the baseline, run once more: what chance alone does
    learned          a linear model that asks no judge, trained on the labels of search and validation

A gain that a control reaches too is not due to the harness. Each round of the baseline is saved as its own evaluation,
so a test that was stopped resumes where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import difference, mean_interval
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.evaluation.statistics import Interval
from meta_reward.harness.entries import Output
from meta_reward.run.evaluations import load_outcomes, load_outputs, required_scores
from meta_reward.run.ledger import Row
from meta_reward.search.context import Search
from meta_reward.search.evaluate_split import run_splits

MATCHED, REROLL, LEARNED = "matched budget", "re-roll", "learned"
_SPLIT = "test"


@dataclass(frozen=True, slots=True)
class Control:
    """A control on the test split, compared with one tested harness."""

    name: str
    agreement: Interval
    over_baseline: Interval
    """Its agreement minus the baseline's, with the 95% interval by task."""
    behind: Interval
    """The tested harness's agreement minus the control's, with the 95% interval by task."""
    rounds: int
    """How often the baseline was run for it."""
    judge_tokens: int
    """Nominal, on the test split."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One run of the baseline on the whole split."""

    outputs: Mapping[str, Output | None]
    """By example."""
    outcomes: Sequence[Outcome]
    judge_tokens: int


@dataclass(frozen=True, slots=True)
class _Found:
    """The outcomes of a control on the items of the split."""

    name: str
    outcomes: Sequence[Outcome]
    rounds: int = 0
    judge_tokens: int = 0


async def run_controls(search: Search, baseline: Row, tested: Sequence[Row]) -> dict[str, tuple[Control, ...]]:
    """Evaluate the controls of each tested harness; returns them by its id.

    Baseline and tested harnesses must be evaluated on the test split already. Without scikit-learn the learned control
    is left out, and a note says so. Raises LimitReached and JudgeUnavailable.
    """
    tokens = {row.id: _tokens(search, row.folder) for row in tested}
    rounds = await _ask_again(search, baseline, max(tokens.values()))
    learned = _learned(search)
    before = _outcomes(search, baseline)
    found = {}
    for row in tested:
        after = _outcomes(search, row)
        controls = (*_asked(search, rounds, tokens[row.id]), *learned)
        found[row.id] = tuple(_beside(one, before, after) for one in controls)
    return found


def _outcomes(search: Search, row: Row) -> list[Outcome]:
    return load_outcomes(search.layout.evaluation(_SPLIT, row.folder))


def _tokens(search: Search, folder: str, repeat: int = 0) -> int:
    split = search.layout.repeated(_SPLIT, repeat)
    return required_scores(search.layout.evaluation(split, folder)).metrics.judge_tokens


async def _ask_again(search: Search, baseline: Row, tokens: int) -> list[_Round]:
    """Rounds of the baseline: its test first, then at least one more, until together they have spent the tokens."""
    rounds: list[_Round] = []
    spent = 0
    while len(rounds) < 2 or 0 < spent < tokens:  # a baseline that asks nothing would never get there
        repeat = len(rounds)
        await run_splits(search, [baseline.folder], _SPLIT, repeat=repeat)
        folder = search.layout.evaluation(search.layout.repeated(_SPLIT, repeat), baseline.folder)
        used = _tokens(search, baseline.folder, repeat)
        rounds.append(_Round(load_outputs(folder), load_outcomes(folder), used))
        spent += 0 if search.kind.acts else used  # rounds of programs that act are not combined
    return rounds


def _asked(search: Search, rounds: Sequence[_Round], tokens: int) -> list[_Found]:
    """The matched budget, which combines the rounds that spend this many tokens, and the re-roll.

    There is only the re-roll if one round is enough, as that is the baseline itself, and for programs that act, whose
    actions cannot be combined.
    """
    reroll = _Found(REROLL, rounds[1].outcomes, 1, rounds[1].judge_tokens)
    enough = next((n for n in range(1, len(rounds)) if sum(r.judge_tokens for r in rounds[:n]) >= tokens), len(rounds))
    matching = rounds[:enough]
    if enough == 1 or not rounds[0].judge_tokens or search.kind.acts:
        return [reroll]
    answers = {
        id: [given for one in matching if (given := one.outputs.get(id)) is not None] for id in rounds[0].outputs
    }
    outputs = {id: search.kind.combined(given) if given else None for id, given in answers.items()}
    used = sum(one.judge_tokens for one in matching)
    return [_Found(MATCHED, _outcomes_of(search, outputs), enough, used), reroll]


def _learned(search: Search) -> list[_Found]:
    known = [*search.splits["search"], *search.splits["validation"]]
    try:
        outputs = search.kind.learned(search.taskset, known, search.splits[_SPLIT])
    except UsageError as missing:
        search.events.note(str(missing))
        return []
    return [] if outputs is None else [_Found(LEARNED, _outcomes_of(search, outputs))]


def _outcomes_of(search: Search, outputs: Mapping[str, Output | None]) -> list[Outcome]:
    """The outcomes of the split's items, given the outputs on their examples."""
    results = [Result(id, "", output, None, [], []) for id, output in outputs.items()]
    decided = search.kind.outcomes(search.taskset, search.part(_SPLIT), Evaluation(results))
    return [one.outcome for one in decided]


def _beside(control: _Found, before: Sequence[Outcome], after: Sequence[Outcome]) -> Control:
    """A control compared with a tested harness. before, after: outcomes of the baseline and of that harness."""
    return Control(
        control.name,
        mean_interval(control.outcomes),
        difference(before, control.outcomes),
        difference(control.outcomes, after),
        control.rounds,
        control.judge_tokens,
    )
