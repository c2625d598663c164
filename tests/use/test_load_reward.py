"""`load_reward`: from a run, an export or a file, with and without an event loop."""

import asyncio
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward import load_reward
from meta_reward.errors import LimitReached, UsageError
from meta_reward.run.layout import Layout
from tests.cli.conftest import MetaReward
from tests.conftest import ASKING_HARNESS, PROJECT
from tests.endpoints import Endpoint, Said
from tests.use.conftest import messages

BASELINE = PROJECT / "seed_harnesses" / "baseline.py"


def test_import_of_the_package_imports_nothing_else_of_it() -> None:
    program = "import sys, meta_reward; print(sorted(m for m in sys.modules if m.startswith('meta_reward')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['meta_reward']\n"


def test_name_that_the_package_does_not_have_is_an_attribute_error() -> None:
    import meta_reward

    with pytest.raises(AttributeError, match="load_rewards"):
        _ = meta_reward.load_rewards  # type: ignore[attr-defined]


def test_run_scores_with_the_harness_that_its_decision_chose(finished: Path) -> None:
    async def score() -> tuple[float | None, float | None]:
        async with load_reward(finished) as reward:
            scored = await reward.score(messages())
            return scored.score, scored.from_0_to_1

    score_, share = asyncio.run(score())
    assert score_ is not None
    assert 0 < score_ <= 100
    assert share == score_ / 100


def test_run_says_who_chose_and_that_it_was_not_tested(finished: Path, caplog: pytest.LogCaptureFixture) -> None:
    reward = load_reward(finished)
    about = [
        "harness c0001 of run night-1, judge simulated",
        "decision: the baseline c0001 stays: nothing was better on search",
        "not tested: the test split is still sealed; `meta-reward test night-1` opens it",
    ]
    assert reward.about.split("\n") == about
    with caplog.at_level(logging.WARNING, "meta_reward"), reward:
        pass
    assert caplog.messages == ["; ".join(about)]


def test_choice_of_a_person_is_a_decision_too(meta_reward: MetaReward, finished: Path, here: Path) -> None:
    shutil.copytree(finished, here / "runs" / "night-1", symlinks=True)
    assert meta_reward("choose", "night-1", "c0001").code == 0
    assert "decision: c0001 was chosen by hand" in load_reward("night-1").about


def test_run_without_a_decision_has_no_harness_to_use(finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "night-1", symlinks=True)
    Layout(run).decisions.unlink()
    with pytest.raises(UsageError, match="run night-1 has no decision yet, so no harness of it is chosen: finish"):
        load_reward(run)


def test_another_judge_than_the_runs_drops_its_numbers(finished: Path) -> None:
    settings = {"judge": {"settings": {"noise": 0.5}}}
    assert load_reward(finished, settings=settings).loaded.evidence.test is None


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere", "there is no nowhere"),
        (PROJECT / "docs", "is neither a run nor an export"),
        (BASELINE, "names no judge"),
    ],
)
def test_what_cannot_be_loaded_says_what_to_give(path: Path | str, says: str, here: Path) -> None:
    with pytest.raises(UsageError, match=says):
        load_reward(path)


def test_file_that_is_no_harness_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="is not a valid harness"):
        load_reward(tmp_path / "h.py", judge="simulated")


def test_judge_that_costs_money_wants_a_limit() -> None:
    with pytest.raises(UsageError, match="no limit is set"):
        load_reward(BASELINE, judge="anthropic:claude-haiku-4-5").open()


def test_failures_are_results_in_their_place() -> None:
    with load_reward(BASELINE, judge="simulated") as reward:
        scored = reward.score_all([messages(), [], {"x": 1}, messages("Bye.")])
    assert [result.score is None for result in scored] == [False, True, True, False]
    assert [result.error for result in scored] == [
        None,
        "unreadable: has no messages",
        "unreadable: has no field messages; it has x",
        None,
    ]


def test_harness_that_fails_gives_no_score_and_its_reason(tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text(ASKING_HARNESS)
    with load_reward(tmp_path / "h.py", judge="simulated") as reward:
        scored = reward.score(messages())
    assert (scored.score, scored.usage.judge_calls) == (None, 1)
    assert str(scored.error).startswith("ValueError: ")


def test_synchronous_twin_works_inside_a_running_loop_and_stays_warm() -> None:
    async def notebook() -> list[float | None]:
        reward = load_reward(BASELINE, judge="simulated", policy="Be kind.").open()
        try:
            first = reward.score(messages())
            zygote = reward._scorer._sandbox._zygote  # type: ignore[union-attr]
            second = reward.score(messages("Bye."))
            assert reward._scorer._sandbox._zygote is zygote  # type: ignore[union-attr]
            return [first.score, second.score]
        finally:
            reward.close()
            reward.close()

    assert all(score is not None for score in asyncio.run(notebook()))


def test_closed_reward_says_so() -> None:
    reward = load_reward(BASELINE, judge="simulated").open()
    reward.close()
    with pytest.raises(RuntimeError, match="closed"):
        reward.score(messages())


def test_process_that_forgets_to_close_ends(tmp_path: Path) -> None:
    program = (
        "import json, sys\nfrom meta_reward import load_reward\n"
        f"reward = load_reward({str(BASELINE)!r}, judge='simulated').open()\n"
        "print(reward.score(json.loads(sys.argv[1])).score)\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, json.dumps(messages())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) > 0


def test_limit_holds_while_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text(ASKING_HARNESS)
    with Endpoint(lambda seen: Said("80")) as endpoint:
        judge = {"settings": {"price_input": 1000.0, "price_output": 1000.0}, "concurrency": 1}
        spec = f"openai:m@{endpoint.url}/v1"
        loaded = load_reward(tmp_path / "h.py", judge=spec, max_usd=1.5, settings={"judge": judge})
        with loaded as reward, pytest.raises(LimitReached, match="max-usd"):
            reward.score_all([messages(f"Run {n}.") for n in range(50)])
    assert 0 < len(endpoint.seen) < 50


def test_usage_tells_what_a_score_takes(tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text(ASKING_HARNESS)
    with Endpoint(lambda seen: Said("80")) as endpoint:
        spec = f"openai:m@{endpoint.url}/v1"
        with load_reward(tmp_path / "h.py", judge=spec, max_usd="none") as reward:
            scored = reward.score(messages())
    assert (scored.score, scored.usage.judge_calls, scored.usage.cost_usd) == (80.0, 1, None)
    assert scored.usage.input_tokens > 0
