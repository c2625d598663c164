import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from meta_reward.offline.skyways import build
from meta_reward.offline.skyways.grader import CATEGORIES
from meta_reward.offline.skyways.situations import INTENTS
from meta_reward.tasks.base import digest_of
from meta_reward.tasks.divide import SPLITS, divide
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set

ROOT = Path(__file__).parents[2]
SKYWAYS = ROOT / "tasks" / "skyways"


@pytest.fixture(scope="module")
def skyways(tmp_path_factory: pytest.TempPathFactory) -> TaskSet:
    path = tmp_path_factory.mktemp("worlds") / "skyways"
    build(path)
    return load_task_set(path)


def test_the_committed_world_is_rebuilt_byte_for_byte(skyways: TaskSet) -> None:
    assert digest_of(SKYWAYS, TaskSet.content) == skyways.digest


def test_the_committed_world_is_divided_as_it_was_before_its_splits_were_written_down() -> None:
    world = load_task_set(SKYWAYS)
    splits = splits_of(world)
    assert splits == divide("skyways", world.tasks_with_items)
    assert [len(splits[split]) for split in SPLITS] == [36, 27, 27]


def test_building_more_tasks_in_place_moves_none(tmp_path: Path) -> None:
    build(tmp_path / "world", name="world", tasks=9)
    before = splits_of(load_task_set(tmp_path / "world"))
    build(tmp_path / "world", name="world", tasks=16)
    after = splits_of(load_task_set(tmp_path / "world"))
    assert all(set(before[split]) < set(after[split]) for split in SPLITS)


def test_another_seed_gives_another_world_of_the_asked_size(tmp_path: Path) -> None:
    build(tmp_path / "one", name="one", tasks=7, rollouts=4, seed=1)
    build(tmp_path / "two", name="one", tasks=7, rollouts=4, seed=2)
    one, two = load_task_set(tmp_path / "one"), load_task_set(tmp_path / "two")
    assert len(one.rollouts) == len(two.rollouts) == 28
    assert one.digest != two.digest


def test_a_longer_world_begins_with_the_shorter_one(tmp_path: Path) -> None:
    build(tmp_path / "short", tasks=4, seed=5)
    build(tmp_path / "long", tasks=9, seed=5)
    short, long = load_task_set(tmp_path / "short"), load_task_set(tmp_path / "long")
    assert short.rollouts.items() <= long.rollouts.items()


def test_the_world_says_that_it_is_simulated_and_explains_its_categories(skyways: TaskSet) -> None:
    assert skyways.about.simulated
    assert skyways.about.category_notes == CATEGORIES


def test_nearly_every_task_has_pairs_and_every_failure_a_category(skyways: TaskSet) -> None:
    assert len(skyways.tasks_with_items) >= 80
    assert len(skyways.pairs) >= 500
    assert all(pair.categories for pair in skyways.pairs)


def test_every_category_is_well_represented(skyways: TaskSet) -> None:
    counts = Counter(category for pair in skyways.pairs for category in pair.categories)
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 60


def test_there_are_at_least_eight_intents(skyways: TaskSet) -> None:
    assert len(INTENTS) >= 8


def test_the_committed_world_is_small_and_its_conversations_are_of_usual_length(skyways: TaskSet) -> None:
    size = sum(file.stat().st_size for file in skyways.path.rglob("*") if file.is_file())
    lengths = sorted(len(rollout.trajectory.messages) for rollout in skyways.rollouts.values())
    assert size < 6e6
    assert lengths[len(lengths) // 10] >= 10
    assert lengths[-1] <= 45


@pytest.mark.slow
def test_the_place_of_a_rollout_says_nothing_about_its_label(tmp_path: Path) -> None:
    build(tmp_path / "many", tasks=150, seed=9)
    labels: dict[str, list[int]] = {}
    for rollout in load_task_set(tmp_path / "many").rollouts.values():
        labels.setdefault(rollout.id[-1], []).append(rollout.success or 0)
    rates = [sum(values) / len(values) for values in labels.values()]
    assert max(rates) - min(rates) < 0.15


def test_no_cheap_feature_separates_good_from_bad(skyways: TaskSet) -> None:
    spec = importlib.util.spec_from_file_location("cheap_features", ROOT / "benchmarks" / "cheap_features.py")
    assert spec
    assert spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    shares = dict(benchmark.table(skyways))
    assert len(shares) >= 10
    assert {name: share for name, share in shares.items() if not 0.35 < share < 0.65} == {}
