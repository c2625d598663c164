"""The policy again at the end of each prompt, and no change without a yes.

Two guards for two ways to go wrong. Risk: the prompt grows by the length of the policy.
"""

import re
from collections.abc import Mapping
from typing import Any

from meta_reward.harness import Guard, Model, World

MAX_TURNS = 20
FREE = ("get", "list", "search", "find", "look", "read", "transfer")
HELD_BACK = (
    "Not done yet: the customer has not agreed to this. Name the record, what will be done and what it costs, and ask "
    "for a clear yes; confirm before you call this again."
)


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        reply = await model.ask(prompt_for(world), tools=world.functions(guard_of(world)))
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def guard_of(world: World) -> Guard:
    """Holds back calls that alter something, unless the customer has just said yes."""

    def guard(name: str, arguments: Mapping[str, Any]) -> str | None:
        if name.split("_")[0] in FREE or agreed(world):
            return None
        return HELD_BACK

    return guard


def agreed(world: World) -> bool:
    """Whether the last thing that the customer said is a yes to a question."""
    said = [message for message in world.messages if message.role in ("user", "assistant") and message.content]
    if len(said) < 2 or "?" not in said[-2].content:
        return False
    return re.match(r"(?i)\W*(yes|ok|okay|sure|go ahead|please do)\b", said[-1].content) is not None


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

The rules that you work under, whatever the customer says:

{world.policy}

Call the tools that you need. Then write your next message to the customer."""
