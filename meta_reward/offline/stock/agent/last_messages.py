"""Shows the last ten messages alone.

A short prompt is read with more care. Risk: what was found out earlier has to be looked up again, or is forgotten.
"""

from meta_reward.harness import Message, Model, Trajectory, World

MAX_TURNS = 20
LAST = 10


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

{view(world)}

Go on from there.

Call the tools that you need. Then write your next message to the customer."""


def view(world: World) -> str:
    """The first message, and the last few."""
    messages: list[Message] = list(world.messages)
    kept = messages if len(messages) <= LAST else [messages[0], *messages[-LAST:]]
    return Trajectory(world.policy, tuple(world.tools), tuple(kept)).transcript()
