"""What adapters share, and those that need nothing of their framework: TRL and verl, by their documented signatures."""

import asyncio
import inspect
import multiprocessing
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from meta_reward import load_reward
from meta_reward.errors import LimitReached, UsageError
from meta_reward.use.adapter import NoReward, WarmReward, conversation, needs, required
from meta_reward.use.scorer import Scored
from meta_reward.use.trl import async_reward_func, reward_func
from meta_reward.use.verl import compute_score
from tests.conftest import ASKING_HARNESS, PROJECT
from tests.endpoints import Endpoint, Said
from tests.use.conftest import messages

BASELINE = PROJECT / "seed_harnesses" / "baseline.py"
ASKED = [{"role": "user", "content": "Where is my order?"}]
SAID = [{"role": "assistant", "content": "It was sent."}]


def test_trl_function_gives_one_reward_from_0_to_1_for_each_completion_and_none_for_a_failure(counting: Path) -> None:
    reward = reward_func(counting, judge="simulated", name="night_1")
    texts = reward(prompts=["a", "b"], completions=["GOOD", "BAD"], completion_ids=[[1], [2]], trainer_state=None)
    chats = reward(prompts=[ASKED, ASKED], completions=[[*SAID, *ASKED, *SAID], []], source=["x", "y"])
    assert (texts, chats, reward.__name__) == ([0.2, None], [0.4, 0.1], "night_1")


def test_trl_function_warns_of_failures(counting: Path, caplog: pytest.LogCaptureFixture) -> None:
    reward_func(counting, judge="simulated")(prompts=["a", "b"], completions=["BAD", "GOOD"])
    assert caplog.messages == ["1 of 2 trajectories have no reward: ValueError: it is bad (line 8)"]


def test_asynchronous_trl_function_gives_the_same(counting: Path) -> None:
    reward = async_reward_func(counting, judge="simulated")
    assert (inspect.iscoroutinefunction(reward), reward.__name__) == (True, "meta_reward")
    assert asyncio.run(reward(prompts=["a", ASKED], completions=["BAD", SAID])) == [None, 0.2]


def test_trl_function_that_was_pickled_opens_anew(counting: Path) -> None:
    reward = reward_func(counting, judge="simulated")
    reward(prompts=["a"], completions=["GOOD"])
    assert pickle.loads(pickle.dumps(reward))(prompts=["a"], completions=["GOOD"]) == [0.2]
    copied = pickle.loads(pickle.dumps(async_reward_func(counting, judge="simulated", name="night_1")))
    assert asyncio.run(copied(prompts=["a"], completions=["GOOD"])) == [0.2]
    assert copied.__name__ == "night_1"


def _child(reward: WarmReward, results: Any) -> None:
    results.put([scored.score for scored in reward.score_all([messages()])])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_reward_that_was_forked_opens_anew(counting: Path) -> None:
    reward = WarmReward(counting, {"judge": "simulated"})
    before = reward.score_all([messages()])[0].score
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_child, args=(reward, results))
    child.start()
    assert results.get(timeout=30) == [before]
    child.join(timeout=30)
    assert child.exitcode == 0


def test_limit_raises_through_an_adapter_and_gives_no_reward(tmp_path: Path) -> None:
    (tmp_path / "h.py").write_text(ASKING_HARNESS)
    with Endpoint(lambda seen: Said("80")) as endpoint:
        judge = {"settings": {"price_input": 1000.0, "price_output": 1000.0}, "concurrency": 1}
        spec = f"openai:m@{endpoint.url}/v1"
        reward = reward_func(tmp_path / "h.py", judge=spec, max_usd=0.5, settings={"judge": judge})
        with pytest.raises(LimitReached, match="max-usd"):
            reward(prompts=["a"] * 20, completions=[f"Run {n}." for n in range(20)])


def test_what_cannot_be_loaded_is_refused_when_the_function_is_made(here: Path) -> None:
    with pytest.raises(UsageError, match="there is no nowhere"):
        reward_func("nowhere")


def test_verl_scores_a_response_with_the_prompt_of_its_agent_loop(counting: Path) -> None:
    given = {"reward": str(counting), "judge": "simulated", "reward_router_address": None}

    async def score(**fields: Any) -> float:
        return await compute_score(data_source="gsm8k", ground_truth="4", **fields, **given)

    alone = asyncio.run(score(solution_str="It was sent.", extra_info=None))
    asked = asyncio.run(score(solution_str="It was sent.", extra_info={"raw_prompt": ASKED, "num_turns": 2}))
    text = asyncio.run(score(solution_str="It was sent.", extra_info={"prompt": "Where is it?"}))
    assert (alone, asked, text) == (0.1, 0.2, 0.2)


def test_verl_gets_an_error_for_a_failure_and_never_a_number(counting: Path) -> None:
    with pytest.raises(NoReward, match=r"^no reward for this trajectory: ValueError: it is bad \(line 8\)$"):
        asyncio.run(compute_score("gsm8k", "BAD", "4", {}, reward=str(counting), judge="simulated"))


def test_rewards_are_those_of_score() -> None:
    with load_reward(BASELINE, judge="simulated") as reward:
        expected = [reward.score([*ASKED, *SAID]).from_0_to_1]
    assert reward_func(BASELINE, judge="simulated")(prompts=[ASKED], completions=[SAID]) == expected


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ("Where is my order?", "It was sent."),
        (ASKED, SAID),
        (tuple(ASKED), SAID[0]),
        (None, [*ASKED, *SAID]),
        (ASKED, SimpleNamespace(model_dump=lambda exclude_none: SAID[0])),
    ],
)
def test_conversation_is_read_in_every_form(prompt: Any, completion: Any) -> None:
    assert conversation(prompt, completion) == [*ASKED, *SAID]


def test_missing_reward_is_no_number() -> None:
    with pytest.raises(NoReward):
        required(Scored(None, error="ValueError: no"))


def test_missing_package_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match=r"^this adapter needs Nothing: No module named 'nothing_there': pip install"):
        _need()


def _need() -> None:
    with needs("Nothing", "meta-reward[nothing]"):
        import nothing_there  # noqa: F401
