"""`compute_score` for verl's reward loop, from its configuration alone:

    reward.custom_reward_function.path=pkg://meta_reward.use.verl
    +reward.custom_reward_function.reward_kwargs.reward=runs/night-1
    +reward.custom_reward_function.reward_kwargs.max_usd=50

verl runs several reward workers; each opens its own reward, and limits hold for each worker. verl does not accept a
missing reward, so a failure raises. This module does not import verl.
"""

from collections.abc import Mapping
from typing import Any

from meta_reward.use.adapter import conversation, required, warm

_PROMPTS = ("raw_prompt", "prompt")
"""Keys of `extra_info` that may hold the prompt: verl's agent loop uses the first."""


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any = None,
    extra_info: Mapping[str, Any] | None = None,
    *,
    reward: str,
    reward_router_address: str | None = None,
    reward_model_tokenizer: Any = None,
    **options: Any,
) -> float:
    """The reward of one response, from 0 to 1. reward, options: path and options of `load_reward`.

    The prompt is verl's own or `extra_info["prompt"]`, text or messages; without one, the response is scored alone.
    The ground truth is ignored. Raises NoReward.
    """
    found = extra_info or {}
    prompt = next((found[name] for name in _PROMPTS if found.get(name) is not None), None)
    return required(await warm(reward, **options).score(conversation(prompt, solution_str)))
