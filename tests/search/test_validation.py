"""What the validator makes of a search: copies are refused, the seeds' own words are not, and nothing sealed speaks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.run.create import Seed
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from tests.conftest import ASKING_HARNESS, make_rollouts, make_trajectory
from tests.search.conftest import World, harness, proposal


def code_of(task: str) -> str:
    return f"QZ{task[1:]}7K"


def task_set_with_codes(path: Path) -> TaskSet:
    made = [
        replace(
            rollout,
            trajectory=make_trajectory(
                f"I did {'GOOD' if rollout.success else 'BAD'} at {rollout.id[4:]} for booking {code_of(rollout.task)}."
            ),
        )
        for rollout in make_rollouts()
    ]
    about, tools = About(path.name), made[0].trajectory.tools
    save_task_set(path, about, policy="Be kind.", tools=tools, rollouts=made, pairs=pairs_from_labels(made))
    return load_task_set(path)


def with_table(*codes: str) -> str:
    return f"{ASKING_HARNESS}\n\nTABLE = {dict.fromkeys(codes, 90)!r}\n"


@pytest.fixture
def coded(world: World, tmp_path: Path) -> World:
    world.taskset = task_set_with_codes(tmp_path / "tasks" / "coded")
    return world


def split_of(world: World, split: str) -> tuple[str, ...]:
    world.create(limits={"iterations": 1})
    return world.open().splits[split]


def report_of(world: World, folder: str) -> dict[str, object]:
    report: dict[str, object] = json.loads((world.layout.candidate(folder) / "validator.json").read_text())
    return report


def test_candidate_that_copies_a_case_is_refused_with_where_the_string_is_from(coded: World) -> None:
    task = split_of(coded, "search")[0]
    coded.proposer.drafts = {1: {"table": (with_table(code_of(task)), proposal())}}
    coded.search(iterations=1)
    report = report_of(coded, "c0002-table")
    (finding,) = report["findings"]  # type: ignore[misc]
    assert (report["ok"], finding["check"], finding["line"]) == (False, "copied", 14)
    assert finding["message"] == f"holds '{code_of(task).lower()}', which is from {task}-r1, message 4"


@pytest.mark.parametrize("split", ["validation", "test"])
def test_validator_says_nothing_of_what_is_sealed(coded: World, split: str) -> None:
    codes = [code_of(task) for task in split_of(coded, split)]
    coded.proposer.drafts = {1: {"table": (with_table(*codes), proposal())}}
    coded.search(iterations=1)
    assert report_of(coded, "c0002-table")["ok"] is True


def test_what_stood_in_a_seed_may_stand_in_what_grows_from_it(coded: World) -> None:
    tasks = [f"t{number:02d}" for number in range(1, 11)]
    coded.seeds = [Seed("baseline", with_table(*map(code_of, tasks)))]
    grown = coded.seeds[0].source.replace("Rate this run", "Look closely at this run and rate it")
    coded.proposer.drafts = {1: {"grown": (grown, proposal("c0001"))}}
    coded.search(iterations=1)
    assert [report_of(coded, folder)["ok"] for folder in ("c0001-baseline", "c0002-grown")] == [True, True]


def test_draft_that_renames_what_is_local_is_a_duplicate(begun: World) -> None:
    renamed = (
        begun.seeds[0]
        .source.replace("reply", "answer")
        .replace("trajectory: T", "run: T")
        .replace("trajectory.", "run.")
    )
    begun.proposer.drafts = {1: {"renamed": (renamed, proposal())}}
    begun.search(iterations=1)
    assert [f["message"] for f in report_of(begun, "c0002-renamed")["findings"]] == ["duplicate of c0001"]  # type: ignore[attr-defined]


def test_of_two_drafts_with_the_same_program_the_second_is_a_duplicate(begun: World) -> None:
    first = harness("Look closely at this run.")
    same = first.replace("reply", "answer").replace("async def", "# the same\nasync  def")
    begun.proposer.drafts = {1: {"a-first": (first, proposal()), "b-same": (same, proposal())}}
    begun.search(iterations=1)
    assert report_of(begun, "c0002-a-first")["ok"] is True
    assert [f["message"] for f in report_of(begun, "c0003-b-same")["findings"]] == ["duplicate of a-first"]  # type: ignore[attr-defined]


def test_seed_that_needs_a_package_is_refused_unless_the_run_allows_it(world: World) -> None:
    world.seeds = [Seed("baseline", f"import orjson\n{ASKING_HARNESS}")]
    with pytest.raises(UsageError, match="imports 'orjson'"):
        world.create()
    world.create(packages=["orjson"])
    assert world.open().config.packages == ("orjson",)
