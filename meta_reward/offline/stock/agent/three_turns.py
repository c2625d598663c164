"""Ends after three turns, whatever is open by then.

Most is said in the beginning, and long conversations cost most. Risk: the customer is left standing.
"""

from meta_reward.harness import Model, World

MAX_TURNS = 20


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(3):
        reply = await model.ask(prompt_for(world), system=world.policy, tools=world.functions())
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def prompt_for(world: World) -> str:
    """What was said and done so far, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

Be brief: there are few turns left.

Call the tools that you need. Then write your next message to the customer."""
