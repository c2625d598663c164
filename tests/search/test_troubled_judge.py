"""A judge whose endpoint fails, and a search that ends as if it had not, with every call accounted for."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeTransient, JudgeUnavailable
from meta_reward.models.billing import load_bill
from meta_reward.run.layout import Layout
from meta_reward.run.stop_reason import Stop
from meta_reward.run.usage import spent_on_disk
from tests.conftest import WordJudge, files_of_run
from tests.models.conftest import Hours
from tests.search.conftest import World, harness, make_world, proposal

BETTER = harness("Look closely at this run.")
DONE = Stop("finished", "1 iteration done")
FAULTS = [
    JudgeTransient("HTTP 429", status=429, throttled=True),
    JudgeTransient("HTTP 429", status=429, throttled=True, retry_after_s=9),
    JudgeTransient("HTTP 500", status=500),
    JudgeTransient("HTTP 503", status=503),
    JudgeTransient("HTTP 529", status=529, throttled=True),
    JudgeTransient("no answer within 60 s"),
    JudgeTransient("connection refused"),
    JudgeTransient("connection dropped"),
    JudgeTransient("connection cut in the middle of the reply"),
    JudgeTransient("the reply is not JSON"),
]


@dataclass(slots=True)
class TroubledJudge(WordJudge):
    """Fails once on every question, each time with the next of the faults; answers when it is asked again."""

    failed: set[str] = field(default_factory=set)
    down_after: int = 10**9

    async def complete(self, request: Request, *, draw: int) -> Completion:
        question = f"{draw} {request.messages[0].content}"
        if len(self.requests) >= self.down_after:
            raise JudgeTransient("connection refused")
        if question not in self.failed:
            self.failed.add(question)
            raise FAULTS[len(self.failed) % len(FAULTS)]
        return await WordJudge.complete(self, request, draw=draw)


def tries_on_record(layout: Layout) -> Counter[int]:
    found = [*layout.history.glob("candidates/*/calls.jsonl"), *layout.sealed.glob("*/*/calls.jsonl")]
    return Counter(json.loads(line)["tries"] for path in found for line in path.read_text().splitlines())


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What the first test searches with a judge that never fails, for all of them to compare with."""
    world = make_world(tmp_path_factory.mktemp("untroubled"))
    world.proposer.drafts = {1: {"look-closely": (BETTER, proposal("c0001"))}}
    return world


@pytest.fixture
def worlds(once: World, tmp_path: Path, hours: Hours) -> tuple[World, World]:
    """The same search twice: with a judge that never fails, where it is done, and with one in trouble."""
    if not once.layout.config.exists():
        assert once.search(iterations=1) == DONE
    judge = TroubledJudge(once.judge.score)
    return once, World(tmp_path, judge, once.proposer, once.seeds, once.taskset, clock=hours.clock())


@pytest.fixture
def hours() -> Hours:
    return Hours()


def test_search_through_all_faults_ends_with_the_same_files_and_counts_every_call(
    worlds: tuple[World, World],
) -> None:
    untroubled, troubled = worlds
    assert troubled.search(iterations=1) == DONE
    assert files_of_run(troubled.layout.root) == files_of_run(untroubled.layout.root)
    made = len(troubled.judge.requests)
    assert tries_on_record(troubled.layout) == {2: made}
    spent, before = spent_on_disk(troubled.layout), spent_on_disk(untroubled.layout)
    assert (spent.calls, spent.tokens, spent.misses) == (before.calls, before.tokens, made)
    assert spent.cost_usd == pytest.approx(before.cost_usd)
    assert load_bill(troubled.layout.account).open == ()


def test_outage_leaves_the_evaluation_unfinished_and_the_search_goes_on_from_there(
    worlds: tuple[World, World],
) -> None:
    untroubled, troubled = worlds
    assert isinstance(troubled.judge, TroubledJudge)
    troubled.judge.down_after = 12
    with pytest.raises(JudgeUnavailable, match="failed 13 times in a row, at last with: connection refused"):
        troubled.search(iterations=1)
    assert not list(troubled.layout.history.glob("candidates/*/scores.json"))
    assert spent_on_disk(troubled.layout).misses == len(troubled.judge.requests)
    troubled.judge.down_after = 10**9
    troubled.search()
    assert files_of_run(troubled.layout.root) == files_of_run(untroubled.layout.root)
    assert len(troubled.judge.requests) == len(untroubled.judge.requests)  # nothing was asked twice
    assert spent_on_disk(troubled.layout).misses == len(troubled.judge.requests)


@pytest.mark.parametrize("limits", [{"max_usd": 0.002}, {"max_calls": 30}, {"max_tokens": 1500}])
def test_limit_ends_the_search_cleanly_and_raised_it_goes_on_to_the_same_end(
    worlds: tuple[World, World], limits: dict[str, float]
) -> None:
    untroubled, limited = worlds
    limited.create(limits={"iterations": 1, **limits})
    stopped = limited.search()
    name, limit = next(iter(limits.items()))
    assert stopped.state == "stopped"
    assert f"{name.replace('_', '-')} " in stopped.reason
    spent = spent_on_disk(limited.layout)
    used = {"max_usd": spent.cost_usd, "max_calls": spent.calls, "max_tokens": spent.tokens}
    assert used[name] <= limit * 1.05  # the last call may go a little beyond
    assert spent.misses == len(limited.judge.requests)
    from meta_reward.search.create import raise_limits

    raise_limits(limited.layout, {"limits": {name: 0}})
    assert limited.search().state == "finished"
    raised = {"run.toml"}  # and its limits
    assert files_of_run(limited.layout.root, without=raised) == files_of_run(untroubled.layout.root, without=raised)
