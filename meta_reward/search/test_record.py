"""The results on the sealed test split of a run, and `test.json`, which stores them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.evaluation.best_of_n import Lift
from meta_reward.evaluation.statistics import Interval
from meta_reward.records import parse_record
from meta_reward.run.decisions import Decision
from meta_reward.run.evaluations import OTHER_VERSION, Scores, parse_scores, scores_to_json
from meta_reward.run.layout import Layout
from meta_reward.search.controls import Control

SCHEMA = 3


@dataclass(frozen=True, slots=True)
class Tested:
    """The results of one harness on the test split."""

    id: str
    name: str
    scores: Scores
    difference: Interval | None
    """Its agreement minus the baseline's, with the 95% interval by task; None for the baseline itself."""
    lifts: tuple[Lift, ...] = ()
    """For each N, its gain over the baseline in picking the best of N; empty for the baseline or without labels."""
    controls: tuple[Control, ...] = ()
    """Empty until they are evaluated; the baseline has some only if nothing else is tested."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The results of the tested harnesses and of the baseline."""

    kind: str
    """The kind of the programs."""
    judge: str
    simulated: bool
    baseline: Tested
    tested: tuple[Tested, ...]
    """In the order of their ids, without the baseline."""
    decision: Decision
    openings: int
    """How often the test split of this task set has been opened, by all runs."""
    looks: int
    """How many decisions were made on its validation split, by all runs."""


def load_tested(layout: Layout) -> dict[str, Tested]:
    """The results so far, by candidate id. Raises DataError if the file is damaged or of another version."""
    if not layout.test_result.exists():
        return {}
    data = files.load_json(layout.test_result)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(layout.test_result, f"is not a test result of schema {SCHEMA}", hint=OTHER_VERSION)
    with files.reading(layout.test_result):
        tested = [{**item, "scores": parse_scores(item["scores"], layout.test_result)} for item in data["tested"]]
        return {one.id: one for one in (parse_record(Tested, item) for item in tested)}


def save_tested(layout: Layout, tested: Sequence[Tested]) -> None:
    """Save all results so far."""
    files.write_json(layout.test_result, {"schema": SCHEMA, "tested": [_tested_to_json(one) for one in tested]})


def test_to_json(result: TestResult) -> dict[str, object]:
    """A result as `test --json` prints it."""
    baseline, tested = _tested_to_json(result.baseline), [_tested_to_json(one) for one in result.tested]
    return {**asdict(result), "baseline": baseline, "tested": tested}


def _tested_to_json(tested: Tested) -> dict[str, object]:
    """A tested harness as `test.json` stores it."""
    return {**asdict(tested), "scores": scores_to_json(tested.scores)}
