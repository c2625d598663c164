"""The errands: the same bytes every time, simulated, and each situation in training and among the texts."""

from collections import Counter
from pathlib import Path

import pytest

from meta_reward.offline.errands import build
from meta_reward.offline.skyways.situations import INTENTS
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.texts import TextSet, load_text_set, reading
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import PROJECT

COMMITTED = PROJECT / "tasks" / "errands"


@pytest.fixture(scope="module")
def errands() -> TextSet:
    return load_text_set(COMMITTED)


def test_the_committed_set_is_rebuilt_byte_for_byte(errands: TextSet, tmp_path: Path) -> None:
    build(tmp_path / "errands")
    assert load_text_set(tmp_path / "errands").digest == errands.digest


def test_it_says_that_it_is_simulated_and_for_what(errands: TextSet) -> None:
    assert (errands.about.simulated, errands.about.kind) == (True, "classify")


def test_every_situation_is_taught_and_asked_under_a_readable_name(errands: TextSet) -> None:
    situations = sum(map(len, INTENTS.values()))
    taught, asked = (Counter(text.label for text in part) for part in (errands.training, errands.texts))
    assert len(taught) == len(asked) == situations
    assert set(taught.values()) == {2, 3}
    assert "cancel insured but not covered" in taught


def test_no_text_reads_like_another_or_like_a_training_example(errands: TextSet) -> None:
    everything = [reading(text.text) for text in (*errands.training, *errands.texts)]
    assert len(set(everything)) == len(everything) == 120 + 150
    assert [len(splits_of(errands)[split]) for split in SPLITS] == [60, 45, 45]


def test_more_texts_begin_with_those_of_fewer_and_move_none(tmp_path: Path) -> None:
    build(tmp_path / "e", name="e", tasks=20)
    before = load_text_set(tmp_path / "e")
    build(tmp_path / "e", name="e", tasks=50)
    after = load_text_set(tmp_path / "e")
    assert after.texts[:20] == before.texts
    assert all(set(splits_of(before)[split]) < set(splits_of(after)[split]) for split in SPLITS)


def test_another_seed_gives_other_texts(tmp_path: Path, errands: TextSet) -> None:
    build(tmp_path / "errands", seed=1)
    assert not {text.text for text in load_text_set(tmp_path / "errands").texts} & {t.text for t in errands.texts}


def test_the_command_builds_a_set_of_the_asked_size_and_lists_it(meta_reward: MetaReward, here: Path) -> None:
    built = meta_reward("tasks", "build", "errands", "--tasks", "10", "--name", "few")
    assert built.code == 0
    assert "kind classify" in built.out
    assert (len(load_text_set(here / "tasks/few").training), len(load_text_set(here / "tasks/few").texts)) == (8, 10)
    refused = meta_reward("tasks", "build", "errands", "--rollouts", "2", "--name", "other")
    assert (refused.code, refused.err) == (1, "meta-reward: --rollouts means nothing to errands: leave it out\n")
