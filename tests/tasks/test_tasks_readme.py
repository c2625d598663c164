"""The example of tasks/README.md, written to files as it stands there."""

import asyncio
import re
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import validate
from meta_reward.search.context import search_cases
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import ToolCall
from tests.conftest import LEVEL, PROJECT

README = (PROJECT / "tasks" / "README.md").read_text()
EXAMPLE = re.compile(r"^`([\w/-]+\.\w+)`.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def orders(tmp_path: Path) -> TaskSet:
    for name, content in EXAMPLE.findall(README):
        files.write_bytes(tmp_path / "orders" / name, content.encode())
    return load_task_set(tmp_path / "orders")


def test_example_loads_with_a_policy_and_tools_of_a_trajectorys_own(orders: TaskSet) -> None:
    good, bad = (orders.rollouts[name].trajectory for name in ("o1-a", "o1-b"))
    assert (orders.about.name, [pair.preferred for pair in orders.pairs]) == ("orders", ["o1-a"])
    assert (good.policy, [tool.name for tool in good.tools]) == (orders.policy, ["get_order", "cancel_order"])
    assert good.calls()[1] == (ToolCall("2", "cancel_order", {"id": "A7"}), good.messages[4])
    assert bad.policy.endswith("hand the customer over.")
    assert [tool.name for tool in bad.tools] == ["get_order"]


def test_harness_is_validated_on_the_example(orders: TaskSet) -> None:
    source = (PROJECT / "seed_harnesses" / "policy.py").read_text()

    async def look() -> None:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            report = await validate(source, sandbox=sandbox, cases=search_cases(orders, ("o1",)))
        assert report.ok, report.findings

    asyncio.run(look())
