"""The model answers twice, and the longer answer is taken.

More words may hold more of what was asked. Risk: it calls tools twice, and long is not right.
"""

from meta_reward.harness import Model, World

MAX_TURNS = 20


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        asked = prompt_for(world)
        replies = [await model.ask(asked, system=world.policy, tools=world.functions()) for _ in range(2)]
        text = max((reply.text for reply in replies), key=len)
        if not text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(text[:5_000]) is None:
            return


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

Say all that the customer may want to know.

Call the tools that you need. Then write your next message to the customer."""
