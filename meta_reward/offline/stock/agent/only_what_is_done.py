"""Asks for reports of what tools have accepted, and of nothing else.

A claim without a call behind it is a lie to the customer. Risk: none but a longer prompt.
"""

from meta_reward.harness import Model, World

MAX_TURNS = 20


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        reply = await model.ask(prompt_for(world), system=world.policy, tools=world.functions())
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

Report only what a tool has accepted, with the right record and amount. If a call failed, say so.

Call the tools that you need. Then write your next message to the customer."""
