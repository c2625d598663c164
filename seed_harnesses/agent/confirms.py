"""No change without a yes: a call that alters something is held back until the customer has agreed to just that."""

import re
from collections.abc import Mapping
from typing import Any

from meta_reward.harness import Model, World

MAX_TURNS = 20
READS = ("get", "list", "search", "find", "look", "read")
HELD_BACK = (
    "Not done: the customer has not agreed to this yet. Name the record, what will be done and what it costs, "
    "ask for a clear yes, and confirm before you call this again."
)


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        reply = await model.ask(prompt_for(world), system=world.policy, tools=world.functions(guard_of(world)))
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def guard_of(world: World) -> Any:
    """Holds back calls that alter something, unless the customer has just said yes to a question that names them."""

    def guard(name: str, arguments: Mapping[str, Any]) -> str | None:
        if name.split("_")[0] in READS or name.startswith("transfer"):
            return None
        return None if agreed(world) else HELD_BACK

    return guard


def agreed(world: World) -> bool:
    """Whether the last thing that the customer said is a yes."""
    said = [message.content for message in world.messages if message.role == "user"]
    return len(said) > 1 and re.match(r"(?i)\W*(yes|ok|okay|sure|go ahead|please do)\b", said[-1]) is not None


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

Call the tools that you need. Then write your next message to the customer."""
