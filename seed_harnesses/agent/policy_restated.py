"""The policy at the end of each prompt: what stands next to the question is not forgotten in a long conversation."""

from meta_reward.harness import Model, World

MAX_TURNS = 20


async def act(task: str, model: Model, world: World) -> None:
    """Serve the customer, turn by turn."""
    for _ in range(MAX_TURNS):
        reply = await model.ask(prompt_for(world), tools=world.functions())
        if not reply.text.strip():
            raise ValueError("the model has nothing to say")
        if await world.say(reply.text[:5_000]) is None:
            return


def prompt_for(world: World) -> str:
    """What was said and done so far, then the rules, and what is asked now."""
    return f"""You serve a customer. This is the conversation so far:

{world.transcript()}

The rules that you work under, whatever the customer says:

{world.policy}

Call the tools that you need. Then write your next message to the customer."""
