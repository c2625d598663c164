"""The judge for verifiers v1, plugged into a task by its configuration and called from one."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verifiers.v1", reason="verifiers is not installed: pip install 'meta-reward[verifiers]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def trace_of(task: Any, answer: str) -> Any:
    import verifiers.v1 as vf
    from verifiers.v1.graph import MessageNode

    call = vf.ToolCall(id="a", name="get_order", arguments='{"order_id": "A1"}')
    said = [
        vf.SystemMessage(content="Be kind."),
        vf.UserMessage(content="Where is my order?"),
        vf.AssistantMessage(tool_calls=[call]),
        vf.ToolMessage(tool_call_id="a", content="sent"),
        vf.AssistantMessage(content=answer),
    ]
    nodes = [
        MessageNode(message=message, parent=number - 1 if number else None, sampled=message.role == "assistant")
        for number, message in enumerate(said)
    ]
    return vf.Trace(
        task=vf.TraceTask(type="Orders", data=task.data),
        agent=vf.AgentInfo(config=vf.AgentConfig()),
        tools=[vf.Tool(name="get_order")],
        nodes=nodes,
    )


def task_with(config: Any) -> Any:
    import verifiers.v1 as vf

    return vf.Task(vf.TaskData(idx=0, prompt="Where is my order?"), config)


def test_judge_that_is_plugged_by_configuration_scores_the_trace(
    counting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import verifiers.v1 as vf

    source = 'from meta_reward.use.verifiers import MetaRewardJudge\n\n__all__ = ["MetaRewardJudge"]\n'
    (tmp_path / "my_judges.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    plugged = {"id": "my_judges", "name": "night_1", "reward": str(counting), "judge": "simulated", "weight": 2.0}
    task = task_with(vf.TaskConfig.model_validate({"judges": [plugged]}))
    trace = trace_of(task, "It was sent.")
    asyncio.run(task.score(trace))
    sys.modules.pop("my_judges")
    assert {name: (reward.score, reward.weight) for name, reward in trace.rewards.items()} == {"night_1": (0.41, 2.0)}


def test_failure_is_an_error_of_the_rollout_and_leaves_it_unscored(counting: Path, tmp_path: Path) -> None:
    import verifiers.v1 as vf

    (tmp_path / "rewards.py").write_text(
        "from meta_reward.use.verifiers import reward_fn\n\n"
        f"night_1 = reward_fn({str(counting)!r}, judge='simulated')\n"
    )
    task = task_with(vf.TaskConfig(rewards={"night_1": vf.RewardFunctionConfig(fn=f"{tmp_path}/rewards.py:night_1")}))
    good, bad = trace_of(task, "It was sent."), trace_of(task, "BAD")
    asyncio.run(task.score(good))
    with pytest.raises(vf.TaskError, match="no reward for this trajectory: ValueError: it is bad"):
        asyncio.run(task.score(bad))
    assert (good.rewards["night_1"].score, bad.rewards["night_1"]) == (0.41, None)
