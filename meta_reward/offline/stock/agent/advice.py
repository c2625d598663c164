"""Pages of advice before the conversation.

There is much to say about good service. Risk: what is long is not read.
"""

from meta_reward.harness import Model, World

MAX_TURNS = 20
ADVICE = (
    "Good service begins with listening. Let the customer finish, repeat what matters in your own words, and keep "
    "calm where they are not. A friendly word costs nothing, and a clear one saves the next call. Think of the day "
    "that they have had, and of the one that they will have because of you. "
)
TIMES = 40


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
    return f"""{ADVICE * TIMES}

You serve a customer. This is the conversation so far:

{world.transcript()}

Go on from there.

Call the tools that you need. Then write your next message to the customer."""
