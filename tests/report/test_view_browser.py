"""The served pages in a real browser: read, followed live, and labelled by keyboard; inert whatever they quote."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import MadeUp
from tests.browser import PHONE, chromium, needs_axe, needs_chromium, opened, serious_findings
from tests.conftest import PROJECT, made_once, make_task_set
from tests.report.serving import Served, served
from tests.report.test_page_browser import HOSTILE

__all__ = ["chromium"]
pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up run of six candidates, tested."""
    return made_once(tmp_path_factory, "served-plain", lambda folder: MadeUp(folder, trajectories=64).write())


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, where every text of a stranger tries to be more than text."""
    return made_once(tmp_path_factory, "served-hostile", lambda folder: MadeUp(folder, words=HOSTILE).write())


@contextmanager
def quiet(browser: Any, server: Served, **how: Any) -> Iterator[Any]:
    """The first page of a server. Its console stays empty, and nobody else is asked for anything."""
    with opened(browser, server.url, **how) as (page, seen):
        yield page
        assert (seen.console, [one for one in seen.requests if not one.startswith(server.url)]) == ([], [])


def test_candidate_and_pair_open_with_any_other_beside_them(chromium: Any, plain: Path) -> None:
    with served("view", "night", folder=plain) as server, quiet(chromium, server) as page:
        page.wait_for_selector("#pair-table tbody tr")
        assert page.locator("#pair-table tbody tr").count() == 80
        page.locator("#candidate-table tbody th a", has_text="c0004").click()
        page.wait_for_selector("h1:has-text('c0004 made-up')")
        assert "lines new" in page.locator("[data-diff-says]").inner_text()
        page.select_option("[data-diff]", "c0001")
        page.wait_for_url("**/candidate/c0004?against=c0001")
        page.wait_for_selector("caption:has-text('c0001 on the left, c0004 on the right')")
        page.select_option("[data-diff]", "")
        page.wait_for_selector(".program")
        page.locator("a.back").click()
        page.locator("#pair-table tbody a").first.click()
        page.wait_for_selector("h1:has-text('Pair t0')")
        page.select_option("select[name=b]", "c0002")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/pair/*a=c0001&b=c0002")
        titles = page.locator("section[aria-labelledby^=exchange] h2").all_inner_texts()
        assert titles == ["What c0001 asked the judge", "What c0002 asked the judge"]
        assert page.locator("p.live").inner_text().startswith("night: finished")


def test_page_follows_a_search_without_being_loaded_again(chromium: Any, tmp_path: Path) -> None:
    make_task_set(tmp_path / "tasks" / "small", tasks=6)
    (tmp_path / "seed_harnesses").symlink_to(PROJECT / "seed_harnesses")
    program = "from meta_reward.cli import main; main()"
    search = ["search", "small", "--judge", "simulated", "--iterations", "2"]
    command, quietly = [sys.executable, "-c", program, *search], subprocess.DEVNULL
    with subprocess.Popen(command, cwd=tmp_path, stdout=quietly, stderr=quietly) as process:
        while not (tmp_path / "runs/small/run.toml").exists():
            assert process.poll() is None
            time.sleep(0.02)
        with served("view", "small", folder=tmp_path) as server, quiet(chromium, server) as page:
            page.evaluate("window.same = true")
            page.locator("p.live", has_text="small: running").wait_for()
            page.locator("[data-filters=candidate-table]").fill("scored")
            page.locator("#candidate-table thead button").first.click()
            process.wait(90)
            page.locator("p.live", has_text="small: finished").wait_for()
            rows = len((tmp_path / "runs/small/history/ledger.jsonl").read_text().splitlines())
            page.locator("#candidate-table tbody tr").nth(rows - 1).wait_for(state="attached")
            assert page.locator("[data-filters=candidate-table]").input_value() == "scored"
            assert page.locator("#candidate-table th[aria-sort=ascending]").inner_text() == "id"
            assert page.evaluate("document.activeElement.matches('#candidate-table button.sort')")
            assert page.evaluate("window.same")


def test_ten_pairs_are_labelled_by_keyboard_over_a_kill(chromium: Any, tmp_path: Path) -> None:
    MadeUp(tmp_path).write()
    votes, pairs = tmp_path / "tasks/made/votes.jsonl", tmp_path / "tasks/made/pairs.jsonl"
    given = pairs.read_text().splitlines()
    command = ("tasks", "label", "made", "--annotator", "ann")
    with served(*command, folder=tmp_path) as server, quiet(chromium, server) as page:
        for number, key in enumerate(["ArrowLeft", "ArrowRight", "t", "s", "ArrowLeft"]):
            assert progress(page) == [0, 1, 2, 3, 3][number]
            page.keyboard.press("1")
            press(page, key)
        press(page, "u")
        pressed = page.locator("[data-category][aria-pressed=true]")
        assert (progress(page), pressed.all_inner_texts()) == (3, ["1 action-bias"])
        page.keyboard.press("1")
        page.keyboard.press("c")
        page.keyboard.type("slow reply")
        page.keyboard.press("Enter")
        press(page, "ArrowRight")
        for _ in range(2):
            press(page, "ArrowLeft")
        assert progress(page) == 6
        server.process.kill()
    assert len(votes.read_text().splitlines()) == 6
    with served(*command, folder=tmp_path) as server, quiet(chromium, server) as page:
        assert progress(page) == 6
        press(page, "u")
        assert progress(page) == 5
        for key in ("ArrowLeft", "ArrowRight", "t", "ArrowLeft", "ArrowRight"):
            press(page, key)
        assert progress(page) == 10
    said = [json.loads(line) for line in votes.read_text().splitlines()]
    assert [one.get("tie", False) for one in said] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
    ]
    assert [one.get("categories") for one in said[2:5]] == [["action-bias"], ["slow reply"], None]
    made = [(one["preferred"], one["other"]) for one in said if one.get("made") and not one.get("tie")]
    added = [json.loads(line) for line in pairs.read_text().splitlines()[len(given) :]]
    assert pairs.read_text().splitlines()[: len(given)] == given
    assert [(one["preferred"], one["other"]) for one in added] == made


def progress(page: Any) -> int:
    """How many pairs the page says are labelled."""
    return int(page.locator("header p[role=status]").inner_text().split()[0])


def press(page: Any, key: str) -> None:
    """Press a key that says something, and wait for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_label_that_cannot_be_written_is_not_lost_in_silence(chromium: Any, tmp_path: Path) -> None:
    make_task_set(tmp_path / "tasks" / "made")
    with served("tasks", "label", "made", folder=tmp_path) as server, opened(chromium, server.url) as (page, _):
        server.process.kill()
        server.process.wait()
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#says:has-text('Not written: the server does not answer')")


def test_hostile_run_is_served_inert(chromium: Any, hostile: Path) -> None:
    with served("view", "night", folder=hostile) as server, quiet(chromium, server) as page:
        for place in ("", "candidate/c0004", "candidate/c0005", "pair/t000-p1?a=c0001&b=c0004"):
            page.goto(server.url + place)
            page.locator("p.live", has_text="night: finished").wait_for()
            if not place:
                page.wait_for_selector("#pair-table")
            is_inert(page)


def test_hostile_task_set_is_labelled_inert(chromium: Any, hostile: Path) -> None:
    command = ("tasks", "label", "made", "--which", "given")
    with served(*command, folder=hostile) as server, quiet(chromium, server) as page:
        page.locator("[data-category]").nth(0).click()
        is_inert(page)


def is_inert(page: Any) -> None:
    """Nothing that a stranger wrote is more than text."""
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.wait_for_timeout(100)
    shown = page.locator("#page")
    assert shown.locator("img, style, meta, template, [onerror], [onload], [href^='javascript:']").count() == 0
    assert "<img src=x onerror=alert(2)>" in shown.inner_text()
    assert "\u202e" not in page.content()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_served_pages(chromium: Any, plain: Path, scheme: str) -> None:
    label = ("tasks", "label", "made", "--which", "given")
    with served(*label, folder=plain) as server, quiet(chromium, server, scheme=scheme, size=PHONE) as page:
        page.keyboard.press("1")
        assert serious_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    with served("view", "night", folder=plain) as server, quiet(chromium, server, scheme=scheme) as page:
        page.wait_for_selector("#pair-table")
        assert serious_findings(page) == []
        page.goto(server.url + "pair/t000-p1")
        assert serious_findings(page) == []
