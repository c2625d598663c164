"""`meta-reward study optimizers` with real processes: tables, going on, and what cannot be."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import make_task_set

STUDY = ("study", "optimizers", "small", "--judge", "simulated", "--evaluations", "2", "--seeds", "1")
WRITTEN = ("--writer", "simulated:writer")


@pytest.fixture
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=12)
    return here / "tasks" / "small"


@pytest.mark.slow
def test_study_compares_optimizers_and_is_shown_again(meta_reward: MetaReward, small: Path) -> None:
    ran = meta_reward(*STUDY, *WRITTEN, "--optimizers", "writer,best-of-n", "--null")
    assert ran.code == 0, ran.err
    assert "a null world" in ran.out
    assert "not reproduced: TTT-Discover" in ran.out
    folder = Path("runs/optimizers-small-null")
    tables = json.loads((folder / "study.json").read_text())["tables"]
    assert [(row["optimizer"], row["searches"]) for row in tables["arms"]] == [("writer", 1), ("best-of-n", 1)]
    assert all(row["tokens"] > 0 for row in tables["arms"])
    again = meta_reward(*STUDY, *WRITTEN, "--optimizers", "writer,best-of-n", "--null")
    assert (again.code, again.out, again.err) == (0, ran.out, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--optimizers", "gepa,best-of-n"), "proposer gepa asks a model to write, and none is named"),
        (("--optimizers", "gepa,oracle", *WRITTEN), "unknown proposer 'oracle'"),
        (("--optimizers", "catalog"), "there is only one arm"),
        (("--optimizers", "catalog,writer", "--writer", "oracle:m"), "--writer: unknown writer 'oracle:m'"),
    ],
)
def test_study_that_cannot_be_is_refused_in_one_line(
    meta_reward: MetaReward, small: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = meta_reward(*STUDY, *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not Path("runs").exists()
