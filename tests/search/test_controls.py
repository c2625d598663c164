"""A test sets a harness beside controls: the baseline with as many tokens, the baseline again, and a linear model."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import DataError, LimitReached
from meta_reward.evaluation.statistics import Interval
from meta_reward.kinds.registry import KINDS
from meta_reward.report.test_result import render_test, summary
from meta_reward.run.evaluations import Scores, required_scores
from meta_reward.run.layout import Layout
from meta_reward.search import test_record as record
from meta_reward.search.controls import LEARNED, MATCHED, REROLL, Control
from meta_reward.search.create import raise_limits
from tests.conftest import ASKING_HARNESS
from tests.report.test_tables import METRICS
from tests.search.conftest import World, make_world, proposal

pytestmark = pytest.mark.slow

THRICE = ASKING_HARNESS.replace(
    '    reply = await judge.ask("Rate this run from 0 to 100.\\n" + trajectory.transcript())\n',
    '    for _ in range(3):\n        reply = await judge.ask("Look closely.\\n" + trajectory.transcript())\n',
)


GAIN = Interval(0.2, 0.1, 0.3)


@pytest.fixture
def searched(wide: World) -> World:
    """A search that chose a harness which asks three times for each trajectory."""
    wide.proposer.drafts = {1: {"thrice": (THRICE, proposal("c0001"))}}
    wide.search(iterations=1)
    return wide


def tokens_of(layout: Layout, split: str, folder: str) -> int:
    return required_scores(layout.sealed_evaluation(split, folder)).metrics.judge_tokens


def rounds_of(world: World) -> int:
    """How often the baseline was asked again."""
    return sum(path.is_dir() for path in world.layout.sealed.glob("test.*"))


def git(world: World, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=world.layout.root, capture_output=True, text=True, check=True)
    return done.stdout


def controls_of(world: World) -> dict[str, Control]:
    (tested,) = world.test(controls=True).tested
    return {control.name: control for control in tested.controls}


def test_baseline_is_asked_until_it_has_spent_the_tokens_of_the_chosen_harness(searched: World) -> None:
    matched = controls_of(searched)[MATCHED]
    wanted = tokens_of(searched.layout, "test", "c0002-thrice")
    last = tokens_of(searched.layout, f"test.{matched.rounds - 1}", "c0001-baseline")
    assert matched.judge_tokens >= wanted > matched.judge_tokens - last
    assert rounds_of(searched) == matched.rounds - 1


def test_scores_of_the_rounds_are_averaged_and_a_fresh_draw_is_chance_alone(searched: World) -> None:
    draws: dict[str, int] = {}

    def lucky(prompt: str, draw: int) -> str:
        """Rates 50 first, and then what is GOOD higher, by so little that it takes an average to see it."""
        if "closely" in prompt:
            return "90" if "GOOD" in prompt else "10"
        draws[prompt] = draws.get(prompt, 0) + 1
        return "50" if draws[prompt] == 1 else "51" if "GOOD" in prompt else "50"

    searched.judge.score = lucky
    controls = controls_of(searched)
    assert [controls[name].agreement.mean for name in (MATCHED, REROLL)] == [1.0, 1.0]
    assert controls[REROLL].over_baseline.mean == 0.5  # which ties every pair
    assert controls[MATCHED].behind == Interval(0.0, None, None, "few tasks")


def test_linear_model_learns_from_the_pairs_what_its_words_tell(searched: World) -> None:
    learned = controls_of(searched)[LEARNED]
    assert (learned.agreement.mean, learned.rounds, learned.judge_tokens) == (1.0, 0, 0)


def test_controls_are_on_record_and_not_asked_again(searched: World) -> None:
    first = searched.test(controls=True)
    searched.judge.requests.clear()
    again = searched.test(controls=True)
    assert (again, searched.judge.requests) == (first, [])
    assert git(searched, "log", "-1", "--format=%s") == "Test: controls of c0002\n"


def test_controls_that_a_kill_left_out_of_git_are_committed_by_the_next_test(searched: World) -> None:
    searched.test(controls=True)
    whole = git(searched, "ls-tree", "-r", "main")
    git(searched, "update-ref", "refs/heads/main", "main~1")
    searched.test(controls=True)
    assert git(searched, "ls-tree", "-r", "main") == whole


def test_without_controls_the_baseline_is_asked_once(searched: World) -> None:
    (tested,) = searched.test().tested
    assert tested.controls == ()
    assert rounds_of(searched) == 0


def test_limit_that_ends_the_controls_leaves_the_result_and_what_was_asked(tmp_path: Path) -> None:
    world = make_world(tmp_path, tasks=20)
    world.create(limits={"iterations": 1, "max_usd": 0.015})  # search and test take 0.0139
    world.proposer.drafts = {1: {"thrice": (THRICE, proposal("c0001"))}}
    world.search()
    with pytest.raises(LimitReached):
        world.test(controls=True)
    assert world.notes[-1].endswith("--no-controls shows the result")
    (tested,) = world.test().tested
    assert (tested.id, tested.controls) == ("c0002", ())
    raise_limits(world.layout, {"limits": {"max_usd": 9.0}})
    asked = len(world.judge.requests)
    world.test(controls=True)
    assert 0 < len(world.judge.requests) - asked < rounds_of(world) * len(world.open().part("test").examples)


def test_baseline_that_stays_is_set_beside_chance_and_the_linear_model(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.search(iterations=0)
    result = world.test(controls=True)
    assert result.tested == ()
    assert [control.name for control in result.baseline.controls] == [REROLL, LEARNED]
    said = " ".join(render_test(result).split())
    assert (
        "c0001, the baseline, has 50.0% agreement on the sealed test pairs; it loses to learned (-50.0 points" in said
    )


def test_without_scikit_learn_a_note_says_how_to_get_it(searched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.preprocessing", None)
    assert list(controls_of(searched)) == [MATCHED, REROLL]
    assert searched.notes[-1].startswith("the learned control needs scikit-learn: pip install 'meta-reward[controls]'")
    before = git(searched, "rev-parse", "main")
    searched.test(controls=True)
    assert git(searched, "rev-parse", "main") == before


def test_damaged_result_names_the_file(searched: World) -> None:
    searched.test()
    kept = json.loads(searched.layout.test_result.read_text())
    first, *others = kept["tested"]
    for wrong in ({"id": "c0001"}, {**first, "name": 5}, {**first, "lifts": {}}, {**first, "scores": None}):
        searched.layout.test_result.write_text(json.dumps({**kept, "tested": [wrong, *others]}))
        with pytest.raises(DataError, match=r"test\.json"):
            searched.test()
    searched.layout.test_result.write_text(json.dumps({"schema": 2}))
    with pytest.raises(DataError, match=r"test\.json"):
        searched.test()


def measured(id: str, agreement: float, difference: Interval | None, *behind: Interval) -> record.Tested:
    """A harness that is so far ahead of the controls."""
    controls = [
        Control(name, GAIN, GAIN, one, 1, 0) for name, one in zip((MATCHED, REROLL, LEARNED), behind, strict=False)
    ]
    scores = Scores("word", False, [], replace(METRICS, score=agreement))
    return record.Tested(id, "", scores, difference, (), tuple(controls))


def compared(*behind: Interval, gain: Interval = GAIN) -> str:
    return summary(measured("c0002", 0.7, gain, *behind), measured("c0001", 0.5, None), KINDS["reward"].words)


def test_sentence_names_the_controls_that_a_harness_loses_to_or_does_not_clearly_beat() -> None:
    clear, unclear, lost = Interval(0.2, 0.1, 0.3), Interval(0.02, -0.1, 0.2), Interval(-0.05, -0.2, 0.1)
    begin = "difference c0002 - c0001: +20.0 points [+10.0, +30.0], 70.0% against 50.0% of the sealed test pairs"
    assert compared(clear, clear, clear) == f"{begin}; it beats matched budget, re-roll, learned"
    assert compared(clear, clear, lost) == f"{begin}; it loses to learned (-5.0 points [-20.0, +10.0])"
    assert compared(clear, unclear, lost).endswith(
        "it loses to learned (-5.0 points [-20.0, +10.0]), and it is not clearly better than re-roll (+2.0 points "
        "[-10.0, +20.0])"
    )
    assert compared() == begin


def test_sentence_names_what_a_harness_beats_and_never_passes_over_the_baseline() -> None:
    clear, unclear, none = Interval(0.2, 0.1, 0.3), Interval(0.02, -0.1, 0.2), Interval(0.0, None, None, "no spread")
    assert compared(clear, clear).endswith("; it beats matched budget, re-roll")
    assert compared(clear, clear, gain=unclear).endswith(
        "; it beats matched budget, re-roll, but not clearly the baseline"
    )
    assert compared(clear, clear, gain=none).endswith("; it beats matched budget, re-roll, but not the baseline")


def test_legend_says_why_there_is_no_matched_budget(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.proposer.drafts = {
        1: {"frugal": (ASKING_HARNESS.replace("Rate this run from 0 to 100.", "Rate."), proposal())}
    }
    world.search(iterations=1)
    said = " ".join(render_test(world.test(["c0002"], controls=True)).split())
    assert "no matched budget: c0002 has no more tokens than the baseline" in said
