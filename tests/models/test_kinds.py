"""Every kind of judge behind the same harness: its judge must call the harness's own tool before it decides.

Nothing is imitated but the model: real clients, the real bundled program, the gateway, the sandbox.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from meta_reward import files
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.records import Result
from meta_reward.harness.budget import Budget
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.conftest import LEVEL, make_rollouts, make_task_set
from tests.endpoints import Endpoint, Fault, Said, Seen

HARNESS = '''"""Makes the judge check the policy with a tool of the harness before it decides."""

import re

from meta_reward.harness import Judge, Reward, Trajectory

SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": {"type": "number"}},
    "required": ["reason", "score"],
}


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    checked = []

    def policy_check(clause: str) -> str:
        """Whether the run keeps a clause of the policy."""
        checked.append(clause)
        return f"kept: {trajectory.policy == clause}"

    reply = await judge.ask(
        f"Policy:\\n{trajectory.policy}\\n\\nRun:\\n{trajectory.transcript()}\\n\\nRate it from 0 to 100.",
        system="You are a strict judge.",
        tools=[policy_check],
        require=policy_check,
        schema=SCHEMA,
    )
    if reply.data is None:
        raise ValueError(f"no verdict: {reply.stop_reason}")
    found = {"checked": checked, "called": list(reply.tools_called)}
    return Reward(reply.data["score"], reply.data["reason"], found)
'''
PATHS = {"anthropic": "", "openai": "/v1", "claude-code": ""}
SECRET = "sk-secret-0123456789abcdef"
slow = pytest.mark.slow


def judge_of_the_policy(seen: Seen) -> Said:
    """Calls the tool twice at once, then once in vain, then decides by what it was told."""
    (name,) = seen.tools or ("?",)
    said = "\n".join(seen.texts)
    if "kept: True" not in said:
        assert "policy_check" in name
        return Said("", ((name, {"clause": "Be kind."}), (name, {"clause": "Be quick."})))
    if "no_such_tool" not in json.dumps(seen.body["messages"]):
        return Said("Once more.", (("no_such_tool", {}),))
    score = 90 if "GOOD" in said and "kept: False" in said and "there is no tool" in said else 10
    return Said(json.dumps({"reason": "as checked", "score": score}))


def score(
    spec: str, cache: Path | None = None, *, rollouts: int = 2, budget: Budget | None = None, **settings: Any
) -> list[Result]:
    async def work() -> list[Result]:
        gateway = Gateway(make_backend(spec, settings), Cache(cache) if cache else None)
        async with Sandbox(budget or Budget(), level=LEVEL) as sandbox:
            made = make_rollouts(1, rollouts)
            return (await evaluate(HARNESS, reward_examples(made), gateway=gateway, sandbox=sandbox)).results

    return asyncio.run(work())


@pytest.mark.parametrize("kind", ["anthropic", "openai", pytest.param("claude-code", marks=slow)])
def test_judge_must_call_the_harness_tool_before_it_decides(kind: str, tmp_path: Path) -> None:
    with Endpoint(judge_of_the_policy) as endpoint:
        spec = f"{kind}:m@{endpoint.url}{PATHS[kind]}"
        results = score(spec, tmp_path)
        asked = len(endpoint.seen)
        again = score(spec, tmp_path)
    assert [result.error for result in results] == [None, None]
    assert [result.score for result in results] == [90.0, 10.0]
    assert results[0].output is not None
    assert results[0].output.findings == {
        "checked": ["Be kind.", "Be quick."],
        "called": ["policy_check", "policy_check", "no_such_tool"],
    }
    assert asked == len(endpoint.seen) == 6
    assert [result.output for result in again] == [result.output for result in results]
    assert [call.stop_reason for call in results[0].calls] == ["tool", "tool", "end"]
    assert [cost.input_tokens for cost in results[0].costs] == [100, 100, 100]


def test_simulated_judge_calls_it_too() -> None:
    (result,) = score("simulated", rollouts=1)
    assert result.output is not None
    assert result.output.findings["called"] == ["policy_check"]


def test_call_with_broken_arguments_is_not_run_and_the_judge_is_told() -> None:
    def answer(seen: Seen) -> Said:
        if seen.turn == 0:
            return Said("", (("policy_check", '{"clause": "Be ki'),))
        assert "tool_choice" in seen.body
        assert seen.texts[-1] == "error: the arguments are no JSON object; call again"
        return Said(json.dumps({"reason": "told", "score": 50}))

    with Endpoint(answer) as endpoint:
        (result,) = score(f"openai:m@{endpoint.url}/v1", rollouts=1)
    assert result.output == Reward(50.0, "told", {"checked": [], "called": []})


def test_judge_that_never_stops_calling_tools_is_stopped_by_the_budget() -> None:
    with Endpoint(lambda seen: Said("", (("policy_check", {"clause": "Be kind."}),))) as endpoint:
        (result,) = score(f"openai:m@{endpoint.url}/v1", rollouts=1, budget=Budget(judge_calls=5))
    assert result.error is not None
    assert (result.error.kind, len(result.calls), len(endpoint.seen)) == ("judge-calls", 5, 5)


def test_reply_that_no_file_could_hold_is_mended_before_it_reaches_one() -> None:
    said = json.dumps({"reason": "\ud800 \x00\x1b[31m \u202e", "score": 50})

    def answer(seen: Seen) -> Said:
        return Said(f"\ud800{said}") if seen.turn else Said("\udfff", (("policy_check", {"clause": "\ud800"}),))

    with Endpoint(answer) as endpoint:
        (result,) = score(f"anthropic:m@{endpoint.url}", rollouts=1)
    assert result.score == 50.0
    written = files.dump_json(result).decode()
    assert all(mark not in written for mark in ("\x00", "\x1b", "\u202e"))
    assert "\ufffd" in written


def test_prompt_that_is_too_long_may_be_caught_by_the_harness() -> None:
    source = HARNESS.replace("import re\n", "from meta_reward.harness import PromptTooLong\n").replace(
        "    reply = await",
        '    try:\n        await judge.ask("long")\n    except PromptTooLong:\n        pass\n    reply = await',
    )

    def answer(seen: Seen) -> Said | Fault:
        return Fault(413, "") if seen.texts[0] == "long" else judge_of_the_policy(seen)

    async def work(url: str) -> list[Result]:
        gateway = Gateway(make_backend(f"anthropic:m@{url}", {}), None)
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            return (
                await evaluate(source, reward_examples(make_rollouts(1, 1)), gateway=gateway, sandbox=sandbox)
            ).results

    with Endpoint(answer) as endpoint:
        (result,) = asyncio.run(work(endpoint.url))
    assert (result.error, result.score) == (None, 90.0)


def judge_that_echoes(seen: Seen) -> Said:
    """Repeats the key it is sent: in a call's arguments, also behind an escape, then in its verdict."""
    if "[key]" not in json.dumps(seen.body["messages"]):
        (name,) = seen.tools
        arguments = f'{{"clause": "{SECRET.replace("s", chr(92) + "u0073", 1)}"}}'
        stream = "chat" not in seen.path
        return Said(f"With {SECRET}.", ((name, json.loads(arguments) if stream else arguments),))
    return Said(json.dumps({"reason": f"your key is {SECRET}", "score": 80}))


@pytest.mark.parametrize("kind", ["anthropic", "openai", pytest.param("claude-code", marks=slow)])
def test_key_that_a_reply_repeats_reaches_neither_candidate_nor_trace_nor_cache(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    with Endpoint(judge_that_echoes) as endpoint:
        spec = f"{kind}:m@{endpoint.url}{PATHS[kind]}"
        (result,) = score(spec, tmp_path, rollouts=1, key_env="MY_KEY")
    assert result.output is not None
    assert result.output.reason == "your key is [key]"
    assert result.output.findings["checked"] == ["[key]"]
    assert SECRET.encode() not in files.dump_json([result.output, result.calls])
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 4  # two replies, the reward, and the file of claims
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("kind", ["anthropic", "openai", pytest.param("claude-code", marks=slow)])
def test_key_is_in_no_file_and_on_no_screen(
    kind: str, meta_reward_process: MetaReward, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    make_task_set(here / "tasks" / "small", tasks=3, rollouts=2)
    (here / "mine.py").write_text(HARNESS)
    (here / "judge.toml").write_text('[judge.settings]\nkey_env = "MY_KEY"\n[limits]\nmax_tokens = 1000000\n')
    with Endpoint(judge_of_the_policy) as endpoint:
        spec = f"{kind}:m@{endpoint.url}{PATHS[kind]}"
        flags = ("--judge", spec, "--config", "judge.toml", "--out", "out")
        ran = meta_reward_process("evaluate", "mine.py", "tasks/small", *flags)
        assert ran.code == 0, ran
        assert endpoint.seen
        assert all(SECRET in str(seen.headers) for seen in endpoint.seen)
    written = [path for top in (here, Path.home()) for path in top.rglob("*") if path.is_file()]
    assert any("traces" in path.parts for path in written)
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in ran.out + ran.err
