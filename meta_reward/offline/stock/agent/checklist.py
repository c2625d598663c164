"""A checklist of what the customer asked for, made by the model and shown at the end of each prompt.

What stands on a list is not left out. Risk: a list that is wrong leads astray.
"""

from meta_reward.harness import Model, World

MAX_TURNS = 20


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        asked = await model.ask(f"{world.transcript()}\n\nList each request of the customer, one per line.")
        reply = await model.ask(prompt_for(world, asked.text), system=world.policy, tools=world.functions())
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def prompt_for(world: World, asked: str) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

Checklist of what the customer asked for; each request has to be settled before you say goodbye:

{asked[:2_000]}

Call the tools that you need. Then write your next message to the customer."""
