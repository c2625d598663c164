"""Repeats all that tools have shown at the end of each prompt.

What the records say should stand next to the question. Risk: the prompt grows with each call.
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

What the records show:

{facts(world)}

Call the tools that you need. Then write your next message to the customer."""


def facts(world: World) -> str:
    """The results of all calls that brought no error."""
    return "\n".join(message.content for message in world.messages if message.role == "tool" and not message.is_error)
