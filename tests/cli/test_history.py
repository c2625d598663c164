"""The queries and `try` as a person or an agent calls them."""

import json
import re
import shutil
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.models.billing import load_bill
from meta_reward.run.layout import HistoryLayout
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import ASKING_HARNESS, make_task_set
from tests.run.test_queries import first_run
from tests.run.test_queries import history as history

READING = ASKING_HARNESS.replace("float(reply.text)", 'float((reply.text.split() or ["none"])[-1])')
QUERIES = (("ledger",), ("failures", "c0003"), ("flips", "c0001", "c0002"), ("diff", "c0001", "c0002"), ("suspects",))


@pytest.fixture
def night(history: HistoryLayout, here: Path) -> Path:
    """A copy of the run, as runs/night."""
    shutil.copytree(history.path.parent, here / "runs" / "night")
    return here / "runs" / "night"


def test_queries_without_a_run_ask_the_newest_and_say_so(meta_reward: MetaReward, night: Path) -> None:
    for query in QUERIES:
        ran, named = meta_reward(*query), meta_reward(query[0], "night", *query[1:])
        assert (ran.code, ran.err) == (0, "meta-reward: run night, the newest\n"), query
        assert (named.code, named.err, named.out) == (0, "", ran.out), query


def test_json_is_one_object_and_nothing_else(meta_reward: MetaReward, night: Path) -> None:
    trace = ("trace", "c0002", first_run(HistoryLayout(night / "history")))
    for query in (*QUERIES, trace):
        assert isinstance(json.loads(meta_reward(query[0], "night", *query[1:], "--json").out), dict)


def test_history_alone_is_enough_wherever_it_lies(meta_reward: MetaReward, night: Path, here: Path) -> None:
    expected = meta_reward("ledger").out
    (night / "history").rename(here / "alone")
    shutil.rmtree(here / "runs")
    assert meta_reward("ledger", "--history", "alone").out == expected
    assert meta_reward("ledger", META_REWARD_HISTORY=str(here / "alone")).out == expected
    (here / "staging").mkdir()
    (here / "alone").rename(here / "history")
    assert meta_reward("ledger").out == expected


def test_text_of_the_ledger_shows_who_is_best_and_no_escape(meta_reward: MetaReward, night: Path) -> None:
    shown = meta_reward("ledger").out
    assert re.findall(r"^c\d+\*?", shown, re.MULTILINE) == ["c0001", "c0002*", "c0003", "c0004"]
    third, fourth = shown.partition("\nc0003 ")[2].split("\nc0004 ")
    assert "    Some are \\u001b[31modd." in third.splitlines()
    assert "rejected" in fourth.splitlines()[0]
    assert "imports 'socket'" in fourth


def test_text_of_failures_shows_error_and_unscored_pairs(meta_reward: MetaReward, night: Path) -> None:
    run = first_run(HistoryLayout(night / "history"))
    shown = meta_reward("failures", "c0003", "--limit", "1").out
    assert f"1 trajectory, such as {run}: ValueError: odd (line 9)" in shown
    assert re.search(rf"^  \S+ +{run} +- ", shown, re.MULTILINE)


def test_text_of_a_trace_shows_prompt_and_reply_and_cuts_what_is_long(meta_reward: MetaReward, night: Path) -> None:
    run = first_run(HistoryLayout(night / "history"))
    path = night / "history/candidates/c0002-look-closely/traces" / f"{run}.json"
    trace = json.loads(path.read_text())
    trace["calls"][0]["messages"][0]["content"] = ["Look\x1b[2J closely.", *["word " * 20] * 500, "The end."]
    path.write_text(json.dumps(trace))
    short, full = (meta_reward("trace", "c0002", run, *more).out for more in ((), ("--full",)))
    assert "reward 90\n" in short
    assert "\n== ask 1 of 1\n-- user\nLook\\u001b[2J closely.\n" in short
    assert "characters left out; --full shows them" in short
    assert "\nThe end.\n-- reply (end)\n90\n" in short
    assert (len(short) < 5000, full.count("word"), "\x1b" in full) == (True, 10_000, False)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("failures", "night", "c0033"), "there is no candidate 'c0033': did you mean c0003"),
        (("trace", "night", "c0002", "t9-r9"), "there is no trajectory or pair of c0002 't9-r9'"),
        (("ledger", "day"), "there is no run 'day': known: night"),
        (("ledger", "seed_harnesses"), "seed_harnesses is no run: it has no run.toml"),
        (("try", "night", "none.py"), "none.py: no such file"),
        (("ledger", "night", "--history", "x"), "both run night and --history x are given: leave one out"),
        (("try", "night", "mine.py", "--pairs", "x"), "there is no pair, task or category 'x' in the search split"),
    ],
)
def test_wrong_names_are_one_line(
    meta_reward: MetaReward, night: Path, here: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    (here / "mine.py").write_text(ASKING_HARNESS)
    ran = meta_reward(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert complaint in ran.err


def content_of(run: Path) -> dict[Path, bytes]:
    """Every file of a run but those of its .work, where its account and its lock are."""
    files = (path for path in run.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if ".work" not in path.relative_to(run).parts}


def test_try_runs_a_draft_on_a_run_and_changes_nothing_in_it_but_its_account(
    meta_reward: MetaReward, night: Path, here: Path
) -> None:
    before = content_of(night)
    account = night / ".work" / "account.jsonl"
    paid = load_bill(account).spent
    seed = (here / "seed_harnesses/baseline.py").read_text()
    (here / "mine.py").write_text(seed.replace("how well", "how very well"))
    first, second = (json.loads(meta_reward("try", "mine.py", "--json", "--calls", n).out) for n in (500, 0))
    assert (first["ok"], first["pairs"], first["best"]["id"]) == (True, 12, "c0002")
    assert (second["judge_calls"]["new"], second["results"]) == (0, first["results"])
    shown = meta_reward("try", "mine.py", "--pairs", first["results"][0]["id"]).out
    assert f"agreement {first['results'][0]['score']:.1%} on 1 pair " in shown
    assert content_of(night) == before
    assert load_bill(account).spent.misses == paid.misses + first["judge_calls"]["new"] > paid.misses
    assert load_bill(account).spent.cost_usd == pytest.approx(paid.cost_usd + first["judge_calls"]["cost_usd"])


def test_try_keeps_to_what_the_run_may_spend(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    search = ("search", "small", "--judge", "simulated", "--iterations", 0, "--max-usd", 100)
    assert meta_reward(*search, "--seed", 1).code == 0
    seed = (here / "seed_harnesses/baseline.py").read_text()
    (here / "mine.py").write_text(seed.replace("how well", "how very well"))
    session = {"iteration": 1, "cost_usd": 100.0}
    files.write_json(here / "runs/small/history/sessions/0001/session.json", session)
    tried = json.loads(meta_reward("try", "mine.py", "--json").out)
    assert tried["stopped"].startswith("limit reached: max-usd 100")
    assert tried["judge_calls"]["new"] == 0


def test_try_shows_what_the_validator_finds_and_exits_with_1(meta_reward: MetaReward, night: Path, here: Path) -> None:
    (here / "mine.py").write_text("import socket\n" + ASKING_HARNESS)
    ran, told = meta_reward("try", "mine.py"), meta_reward("try", "night", "mine.py", "--json")
    assert (ran.code, told.code, json.loads(told.out)["ok"]) == (1, 1, False)
    assert ran.out.startswith("not a valid harness:\nline 1: imports 'socket'")


def test_try_takes_the_packages_of_its_run(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    (here / "mine.py").write_text(f"import orjson\n{READING.replace('float(', 'orjson.loads(')}")
    (here / "own.toml").write_text('packages = ["orjson"]\n')
    for name, more in (("plain", ()), ("wide", ("--config", "own.toml"))):
        search = ("search", "small", "--run", name, *ONE_SEED, "--judge", "simulated:perfect", "--iterations", 0)
        assert meta_reward(*search, *more).code == 0
    refused, taken = meta_reward("try", "plain", "mine.py", "--json"), meta_reward("try", "wide", "mine.py")
    (finding,) = json.loads(refused.out)["findings"]
    assert (refused.code, 'packages = ["orjson"] in run.toml would allow it' in finding["hint"]) == (1, True)
    assert (taken.code, taken.out.startswith("agreement ")) == (0, True), taken


def test_what_a_harness_prints_is_shown_by_try_and_by_trace_without_escapes(
    meta_reward: MetaReward, here: Path
) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    loud = READING.replace("    reply =", "    print('seen\\x1b[2J', len(trajectory.tools))\n    reply =")
    (here / "loud").mkdir()
    (here / "loud" / "baseline.py").write_text(loud)
    search = ("search", "small", "--seeds", "loud", "--judge", "simulated:perfect", "--iterations", 0)
    assert meta_reward(*search).code == 0
    pair = json.loads((here / "runs/small/history/candidates/c0001-baseline/pairs.jsonl").read_text().splitlines()[0])
    shown = meta_reward("trace", "c0001", pair["id"]).out
    assert shown.count("\n== printed\nseen\\u001b[2J 1\n") == 2
    assert f"==== the preferred side of pair {pair['id']}\n\n{pair['preferred']} (task " in shown
    assert f"==== the other side of pair {pair['id']}\n\n{pair['other']} (task " in shown
    (here / "mine.py").write_text(loud.replace("seen", "heard"))
    assert "\n  printed: heard\\u001b[2J 1\n" in meta_reward("try", "mine.py").out


def test_search_tells_its_agent_what_the_user_says(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    (here / "mine.md").write_text("Be brief.\n")
    arguments = ("search", "small", *ONE_SEED, "--judge", "simulated", "--iterations", 0, "--proposer", "command:true")
    more = ("--proposer-jail", "none", "--history", "scores", "--instructions", "mine.md")
    ran = meta_reward(*arguments, *more)
    assert ran.code == 0, ran.err
    assert (here / "runs/small/instructions.md").read_text() == "Be brief.\n"
    assert 'history = "scores"' in (here / "runs/small/run.toml").read_text()
    assert "run small has proposer.history = 'scores', and 'full' was asked for" in (
        meta_reward(*arguments, "--proposer-jail", "none", "--history", "full").err
    )


def test_catalog_refuses_to_work_blindfolded(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    ran = meta_reward("search", "small", "--judge", "simulated", "--history", "summaries")
    assert (ran.code, (here / "runs").exists()) == (1, False)
    assert "proposer catalog cannot work with history 'summaries'" in ran.err
