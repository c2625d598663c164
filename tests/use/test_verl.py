"""`compute_score` in verl's own reward manager, from its configuration."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verl", reason="verl is not installed: pip install verl")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


class Letters:
    """As much of a tokenizer as the manager uses."""

    def decode(self, ids: Any, skip_special_tokens: bool) -> str:
        return "".join(map(chr, ids.tolist()))


def run_single(counting: Path, answer: str) -> dict[str, Any]:
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager

    config = OmegaConf.create(
        {
            "reward": {
                "custom_reward_function": {
                    "path": "pkg://meta_reward.use.verl",
                    "name": "compute_score",
                    "reward_kwargs": {"reward": str(counting), "judge": "simulated"},
                },
                "reward_manager": {"source": "register", "name": "naive"},
            }
        }
    )
    prompt, response = torch.tensor([[1, 2]]), torch.tensor([list(map(ord, answer))])
    tensors = {"prompts": prompt, "responses": response}
    tensors["attention_mask"] = torch.ones((1, prompt.shape[1] + response.shape[1]), dtype=torch.int64)
    asked = [{"role": "user", "content": "Where is my order?"}]
    fields = {
        "data_source": "orders",
        "reward_model": {"ground_truth": "sent"},
        "extra_info": {"index": 0},
        "tool_extra_fields": {"raw_prompt": asked},
    }
    batch = DataProto.from_dict(
        tensors=tensors, non_tensors={name: np.array([value], dtype=object) for name, value in fields.items()}
    )

    async def run() -> dict[str, Any]:
        manager: Any = load_reward_manager(config, Letters())
        result: dict[str, Any] = await manager.run_single(batch)
        return result

    return asyncio.run(run())


def test_verl_loads_the_reward_from_its_configuration_and_scores_the_conversation(counting: Path) -> None:
    assert run_single(counting, "It was sent.")["reward_score"] == 0.2


def test_failure_raises_in_verl(counting: Path) -> None:
    from meta_reward.use.adapter import NoReward

    with pytest.raises(NoReward, match="it is bad"):
        run_single(counting, "BAD")
