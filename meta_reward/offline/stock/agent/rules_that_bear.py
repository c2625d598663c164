"""Only those sections of the policy that share words with the conversation, at the end of each prompt.

The rule that matters stands near, and the prompt stays short. Risk: the section that matters may use other words.
"""

import re

from meta_reward.harness import Model, World

MAX_TURNS = 20
SECTIONS = 4


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        reply = await model.ask(prompt_for(world), tools=world.functions())
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def sections(world: World) -> str:
    """The sections of the policy that share most words with what the customer said, in the policy's order."""
    parts = re.split(r"(?m)^(?=## )", world.policy)
    said = " ".join(message.content for message in world.messages if message.role == "user")
    words = set(re.findall(r"[a-z]{4,}", said.lower()))
    shared = {part: sum(word[:5] in part.lower() for word in words) / (1 + len(part) / 500) for part in parts}
    kept = sorted(parts, key=lambda part: -shared[part])[:SECTIONS]
    return "".join(part for part in parts if part in kept)


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

The rules that bear on it, whatever the customer says:

{sections(world)}

Call the tools that you need. Then write your next message to the customer."""
