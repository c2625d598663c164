"""The corpus that a program may ask: what it finds, what it refuses, and what is recorded of it."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from meta_reward.files import dump_line
from meta_reward.harness.host import Refusal
from meta_reward.kinds.corpus import CorpusHost
from meta_reward.kinds.corpus_index import CorpusIndex, index_of, words_of
from meta_reward.tasks.problems import CorpusText

CORPUS = [
    CorpusText("trains", "Two trains leave at noon. Add their speeds.", {"topic": "motion", "level": 1, "hard": False}),
    CorpusText("tanks", "Two pipes fill a tank. Add their rates.", {"topic": "work", "level": 2, "hard": False}),
    CorpusText("boats", "A boat goes against the stream. Subtract the speeds.", {"topic": "motion", "level": 2}),
    CorpusText("dice", "Three dice are thrown.", {"topic": "chance", "level": 1, "hard": True}),
    CorpusText("fan", "甲乙两列火车相向而行。", {"topic": "motion"}),
]
INDEX = CorpusIndex(CORPUS)


def search(host: CorpusHost | None = None, **arguments: Any) -> list[str]:
    found = asyncio.run((host or CorpusHost(INDEX)).use("search", arguments))
    return [next(entry.id for entry in CORPUS if entry.text == one["text"]) for one in found]


def test_the_texts_that_share_most_with_the_query_come_first() -> None:
    assert search(query="trains of different speeds", k=2) == ["trains", "boats"]
    assert search(query="火车", k=1) == ["fan"]


def test_what_is_found_has_its_score_and_metadata() -> None:
    (found,) = asyncio.run(CorpusHost(INDEX).use("search", {"query": "dice", "k": 1}))
    assert found == {"text": CORPUS[3].text, "score": found["score"], "metadata": dict(CORPUS[3].metadata)}
    assert found["score"] > 0


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"topic": "motion"}, {"trains", "boats", "fan"}),
        ({"topic": ["work", "chance"]}, {"tanks", "dice"}),
        ({"topic": ["motion", "work"], "level": 2}, {"tanks", "boats"}),
        ({"hard": True}, {"dice"}),
        ({"level": True}, set()),
        ({"topic": "music"}, set()),
        ({"topic": []}, set()),
        ({}, {"trains", "tanks", "boats", "dice", "fan"}),
        (None, {"trains", "tanks", "boats", "dice", "fan"}),
    ],
)
def test_metadata_narrow_a_search(where: Any, ids: set[str]) -> None:
    assert set(search(query="two speeds", k=50, where=where)) == ids


def test_a_query_of_unknown_words_draws_texts_the_same_each_time() -> None:
    draws = [tuple(search(query=f"zzz{number}", k=5)) for number in range(20)]
    assert len(set(draws)) > 10
    assert draws == [tuple(search(query=f"zzz{number}", k=5)) for number in range(20)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"query": 5}, "query is of type int, not text"),
        ({}, "query is of type NoneType, not text"),
        ({"query": "x" * 10_001}, "query has 10,001 characters, more than 10,000"),
        ({"query": "x", "k": 51}, "k is 51, not a whole number from 1 to 50"),
        ({"query": "x", "k": 0}, "k is 0, not"),
        ({"query": "x", "k": True}, "k is True, not"),
        ({"query": "x", "k": "5"}, "k is '5', not"),
        ({"query": "x", "k": 10**5000}, "k is "),
        ({"query": "x", "where": ["topic"]}, "where is of type list, not a dictionary"),
        ({"query": "x", "where": {"subject": "a"}}, "has metadata 'subject'; known are: hard, level, topic"),
        ({"query": "x", "where": {"topic": {"a": 1}}}, "where wants a text, a number, a truth value or a list"),
        ({"query": "x", "where": {"topic": [None]}}, "where wants a text"),
        ({"query": "x", "where": {"level": 10**5000}}, "where wants a text"),
        ({"query": "x", "where": {"topic": ["a"] * 101}}, "where has 101 values for 'topic', more than 100"),
        ({"query": "x", "path": "/etc"}, "takes no 'path': it takes query, k and where"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_in_one_line(arguments: dict[str, Any], says: str) -> None:
    host = CorpusHost(INDEX)
    with pytest.raises(Refusal, match=says):
        asyncio.run(host.use("search", arguments))
    assert [set(line) for line in host.record()] == [{"refused"}]
    assert len(dump_line(host.record())) < 300


def test_nothing_but_search_is_offered() -> None:
    with pytest.raises(Refusal, match="a corpus has no 'delete': it has search"):
        asyncio.run(CorpusHost(INDEX).use("delete", {}))


def test_what_was_asked_and_found_is_recorded_by_the_host() -> None:
    host = CorpusHost(INDEX)
    search(host, query="dice", k=1, where={"level": 1})
    (line,) = host.record()
    assert line | {"found": [line["found"][0]["id"]]} == {
        "query": "dice",
        "k": 1,
        "where": {"level": [1]},
        "found": ["dice"],
    }


def test_past_a_thousand_texts_the_record_counts_what_was_found() -> None:
    index = CorpusIndex([CorpusText(f"t{n}", f"text {n}") for n in range(60)])
    host = CorpusHost(index)
    for n in range(200):
        asyncio.run(host.use("search", {"query": f"text {n}", "k": 50}))
    lines = host.record()
    assert sum(len(line["found"]) for line in lines) == 1_000
    assert (lines[19].get("more"), lines[20]["more"], lines[-1]["more"]) == (None, 50, 50)
    assert len(dump_line(lines)) < 50_000


def test_one_run_leaves_nothing_for_another_to_find() -> None:
    queries = ("two speeds", "dice", "zzz")
    before = [asyncio.run(CorpusHost(INDEX).use("search", {"query": query})) for query in queries]
    first, other = CorpusHost(INDEX), CorpusHost(INDEX)
    for n in range(100):
        search(first, query=f"dice {n} speeds", k=n % 50 + 1, where={"level": n % 3})
    assert [asyncio.run(other.use("search", {"query": query})) for query in queries] == before
    assert [line["query"] for line in other.record()] == list(queries)


def test_what_a_program_was_told_is_no_handle_on_the_corpus() -> None:
    (found,) = asyncio.run(CorpusHost(INDEX).use("search", {"query": "dice", "k": 1}))
    found["metadata"]["topic"] = "changed"
    assert CORPUS[3].metadata["topic"] == "chance"


def test_half_of_a_character_can_be_asked_for_and_recorded() -> None:
    host = CorpusHost(INDEX)
    assert len(search(host, query="\ud83d trains", k=1)) == 1
    assert b"trains" in dump_line(host.record())


def test_a_corpus_without_a_word_can_be_searched() -> None:
    assert len(CorpusIndex([CorpusText("a", "!!"), CorpusText("b", "??")]).search("a", k=5, where={})) == 2


def test_an_index_is_built_once_for_each_corpus() -> None:
    assert index_of("one", CORPUS) is index_of("one", CORPUS)
    assert index_of("one", CORPUS) is not index_of("other", CORPUS)


def test_words_are_runs_of_letters_or_digits_without_case() -> None:
    assert words_of(r"Find $\frac{X_1}{12}$, bitte Ölstand; 两列") == "find frac x 1 12 bitte ölstand 两 列".split()


def test_without_the_package_one_line_says_what_to_install() -> None:
    program = """
import sys
sys.modules["bm25s"] = None
from meta_reward.errors import UsageError
from meta_reward.kinds.corpus_index import CorpusIndex
try:
    CorpusIndex([])
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "bm25s, which searches a corpus, is not installed: pip install 'meta-reward[solve]'\n"
