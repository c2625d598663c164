"""`meta-reward report`, and the page that a search and a test leave."""

from pathlib import Path

from benchmarks.pages import MadeUp
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import make_task_set


def test_report_is_written_where_it_says(meta_reward: MetaReward, here: Path) -> None:
    MadeUp(here).write()
    ran = meta_reward("report", "night")
    assert (ran.code, ran.out, ran.err) == (0, "runs/night/report.html\n", "")
    assert (here / "runs/night/report.html").read_text().startswith("<!doctype html>")


def test_search_leaves_its_report_and_the_test_renews_it(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    searched = meta_reward("search", "small", "--judge", "simulated", "--iterations", 0, *ONE_SEED)
    assert searched.err.splitlines()[-1] == "to look at: runs/small/report.html"
    report = here / "runs/small/report.html"
    assert "The test split is sealed." in report.read_text()
    tested = meta_reward("test", "small", "--no-controls")
    assert tested.err.splitlines()[-1] == "to look at: runs/small/report.html"
    assert "Measured on the test split" in report.read_text()


def test_page_that_cannot_be_written_ends_no_search(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    assert meta_reward("search", "small", "--judge", "simulated", "--iterations", 0, *ONE_SEED).code == 0
    (here / "runs/small/report.html").unlink()
    (here / "runs/small/report.html").mkdir()
    again = meta_reward("search", "small")
    assert again.code == 0
    assert again.err.splitlines()[-1].startswith("no report was written: runs/small/report.html")
