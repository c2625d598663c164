"""The report in a real browser: drawn, sorted, opened by pointer and keyboard, and inert whatever it quotes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import MadeUp
from meta_reward.report.page.write import write_report
from tests.browser import DESKTOP, PHONE, chromium, needs_axe, needs_chromium, opened, serious_findings
from tests.conftest import made_once

__all__ = ["chromium"]
pytestmark = [pytest.mark.slow, needs_chromium]

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\"'` "
    "javascript:alert(4) <!--<script> ]]> {{ 7*7 }} \u202egnp.exe\x1b[31m "
    "<style>*{display:none}</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:9'>"
    " </pre></main></template>"
)
SECTIONS = ["gained", "search", "candidates", "pairs", "rewards", "decision", "clusters", "sessions", "studies"]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report on a run of six candidates, tested."""
    return address(made_once(tmp_path_factory, "page-plain", lambda folder: write(folder, "")))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same, where every text of a stranger tries to be more than text."""
    return address(made_once(tmp_path_factory, "page-hostile", lambda folder: write(folder, HOSTILE)))


def write(folder: Path, words: str) -> None:
    write_report(MadeUp(folder, words=words, trajectories=64).write())


def address(folder: Path) -> str:
    return (folder / "runs" / "night" / "report.html").as_uri()


@pytest.fixture
def page(chromium: Any, plain: str) -> Iterator[Any]:
    """The plain report, whose console stays empty and which asks for nothing."""
    with opened(chromium, plain) as (page, seen):
        yield page
        assert (seen.console, seen.requests) == ([], [])


def test_every_section_is_drawn(page: Any) -> None:
    drawn = [identifier for identifier in SECTIONS if page.locator(f"#{identifier}").bounding_box()["height"] > 60]
    plots = page.locator("svg.plot")
    assert drawn == SECTIONS
    assert [plots.nth(number).get_attribute("aria-labelledby") for number in range(plots.count())] == [
        *("scores-t", "cost-t", "spent-t", "tree-t", "map-t", "margins-t", "calibration-t", "best-of-n-t")
    ]
    assert all(plots.nth(number).bounding_box()["height"] > 50 for number in range(plots.count()))


def test_top_says_what_was_gained_and_that_the_judge_is_simulated(page: Any) -> None:
    top = page.locator("#gained").inner_text()
    assert "Difference c0004 - c0001: " in top
    assert "simulated judge: these numbers say nothing about any real model" in top
    assert "not covered" in top


def test_table_sorts_by_a_click_and_by_keyboard(page: Any) -> None:
    head = page.locator("#candidate-table th", has_text="search [95%]")
    head.locator("button").click()
    assert (head.get_attribute("aria-sort"), shares(page)) == ("ascending", sorted(shares(page)))
    page.keyboard.press("Enter")
    assert (head.get_attribute("aria-sort"), shares(page)) == ("descending", sorted(shares(page), reverse=True))


def shares(page: Any) -> list[float]:
    cells = page.locator("#candidate-table tbody tr td:nth-child(6)")
    return [float(cell.get_attribute("data-v")) for cell in cells.all()]


def test_table_is_filtered_by_words_and_says_how_many_are_left(page: Any) -> None:
    page.get_by_label("Filter").first.fill("rejected")
    shown = page.locator("#candidate-table tbody tr:visible")
    assert [row.locator("th").inner_text() for row in shown.all()] == ["c0005"]
    assert page.locator("[data-count=candidate-table]").inner_text() == "1 of 6"


def test_candidate_opens_with_its_hypothesis_and_session_and_the_way_back_keeps_the_place(page: Any) -> None:
    link = page.locator("#candidate-table a", has_text="c0004").first
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    link.focus()
    page.keyboard.press("Enter")
    page.locator("h1:visible", has_text="c0004 made-up").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert "Candidate 4 expects to judge better" in page.locator("#part").inner_text()
    page.locator("summary", has_text="Step by step").click()
    assert page.get_by_text("calls Read").count() > 0
    assert page.get_by_text("is refused Bash").count() == 1
    page.go_back()
    page.locator("h1:visible", has_text="night").wait_for()
    page.wait_for_function(f"scrollY === {before}")


def test_way_past_the_top_stays_on_the_page_of_a_candidate(page: Any) -> None:
    page.goto(page.url + "#c0004")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.locator("h1:visible", has_text="c0004 made-up").wait_for()


def test_programs_are_compared_with_parent_baseline_and_any_other(page: Any) -> None:
    page.goto(page.url.partition("#")[0] + "#c0004")
    shown, says = page.locator("[data-diff-shown]"), page.locator("[data-diff-says]")
    select = page.get_by_label("Compare with")
    assert select.input_value() == "c0002"
    assert says.inner_text() == "10 lines new, 2 gone"
    assert "candidate 4 line 3" in shown.inner_text()
    select.select_option("c0003")
    assert says.inner_text() == "7 lines new, 3 gone"
    assert shown.locator("td.gone").count() == 3
    select.select_option("")
    assert shown.locator(".line").count() == int(says.inner_text().split()[0])


def test_pair_opens_with_both_transcripts_and_the_exchange_of_both_candidates(page: Any) -> None:
    link = page.locator("#pair-table tbody a").first
    name = link.inner_text()
    link.click()
    assert page.locator("h1:visible").inner_text() == f"Pair {name}"
    assert page.locator(".transcript").count() == 2
    assert [one.inner_text() for one in page.locator("#part h2").all()] == [
        *("Transcripts", "What c0001 asked the judge", "What c0004 asked the judge")
    ]
    page.get_by_text("Call 1").first.click()
    assert "## Policy" in page.locator("#part pre:visible", has_text="## Run").first.inner_text()


def test_map_names_the_pair_that_is_pointed_at(page: Any) -> None:
    chart = page.locator("[aria-labelledby='map-t']")
    chart.scroll_into_view_if_needed()
    chart.hover(position={"x": 54, "y": 8})
    assert page.locator("#map-says").inner_text().startswith("c0001 on t0")


def test_sealed_pairs_stand_in_the_report_as_ids_alone(plain: str) -> None:
    text = Path(plain.removeprefix("file://")).read_text()
    assert "t008-r" not in text  # t000 to t007 are search tasks
    assert "t007-r" in text


@pytest.mark.parametrize("place", ["", "#c0004", "#c0005", "#pair"])
def test_hostile_run_renders_inert(chromium: Any, hostile: str, place: str) -> None:
    with opened(chromium, hostile) as (page, seen):
        if place == "#pair":
            place = page.locator("#pair-table tbody a").first.get_attribute("href")
        page.goto(hostile + place)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        page.wait_for_timeout(100)
        shown = page.locator("#part" if place else "#page")
        assert shown.locator("img, style, meta, template, [onerror], [onload], [href^='javascript:']").count() == 0
        assert page.locator("script").count() == 3  # the page's data and script, and the data of the map
        assert "<img src=x onerror=alert(2)>" in shown.inner_text()
        assert "\\u202egnp.exe\\u001b[31m" in shown.inner_text()
        assert "\u202e" not in page.content()
        assert (seen.console, seen.requests) == ([], [])


def test_policy_of_the_page_refuses_requests_and_handlers_even_if_some_got_in(chromium: Any, plain: str) -> None:
    with opened(chromium, plain) as (page, seen):
        page.locator("main").evaluate("main => { main.innerHTML = '<img src=data:,x onerror=\"window.ran = 1\">'; }")
        went = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'went', () => 'refused')")
        page.wait_for_timeout(100)
        assert (page.evaluate("typeof window.ran"), went, seen.requests) == ("undefined", "refused", [])
        refused = [line for line in seen.console if "Content Security Policy" in line]
        assert [any(f"'{what}" in line for line in refused) for what in ("script-src", "default-src")] == [True, True]


@needs_axe
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Any, plain: str, size: tuple[int, int], scheme: str) -> None:
    with opened(chromium, plain, size=size, scheme=scheme) as (page, _):
        pair = page.locator("#pair-table tbody a").first.get_attribute("href")
        found = {}
        for place in ("", "#c0004", pair):
            page.goto(plain + place)
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            found[place] = serious_findings(page)
        assert found == {"": [], "#c0004": [], pair: []}


@pytest.mark.parametrize("place", ["", "#c0004"])
def test_page_is_no_wider_than_a_phone(chromium: Any, plain: str, place: str) -> None:
    with opened(chromium, plain + place, size=PHONE) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
