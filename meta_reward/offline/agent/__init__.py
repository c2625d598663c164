"""A simulated agent model: serves customers of skyways, and errs at stated rates by what the harness shows it.

**Its numbers say nothing about any real model.** It exists so that searches over agents, and their tests, can run
without a key. An answer depends on the request, the draw and the seed, on nothing else.

    page      reads conversation and records in a request      wishes    what the customer wants
    rulings   how the rules settle that                        conduct   what it does next
    lapses    how likely it goes wrong, and in which way       settings  the strengths

    weakness   what it does                                          what it yields to
    policy     gets the rules wrong                                  the rules near the end of the prompt
    pressure   gives in to a customer who insists or haggles         "changes no rule" near the end
    haste      writes before the customer has agreed                 a call that is held back; words about confirming
    mixing     takes a booking for one like it                       asking for a yes, which the customer then corrects;
                                                                     words about comparing codes
    claiming   reports as done what no call has done                 words about reporting only what a tool accepted
    dropping   leaves out the refund, or the second question         a checklist of what the customer asked for
    length     all of it grows with the prompt                       short prompts

The words have to stand after the conversation. Of other worlds it understands nothing.
"""

import hashlib
import re
from collections.abc import Sequence

from meta_reward.completion import Request
from meta_reward.offline.agent.conduct import Act, next_act
from meta_reward.offline.agent.lapses import Lapses
from meta_reward.offline.agent.page import read_page
from meta_reward.offline.agent.settings import Strengths, strengths_of
from meta_reward.offline.agent.wishes import wish_of
from meta_reward.offline.simulated import SimulatedModel
from meta_reward.trajectory import ToolCall

WINDOW_TOKENS = 32_000
MAX_TURNS_OF_CALLS = 12
"""After so many turns of calls about one question, it says something."""
_YES_OR_NO = re.compile(r"(?i)\byes or no\b")
_AT_A_LOSS = "I am afraid that I can't help with that."


class SimulatedAgent(SimulatedModel[Strengths]):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "agent"
    kind = "simulated:agent"
    version = 1

    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        act, turn = self._act(request, draw), len(request.messages)
        return act.text or [ToolCall(f"call_{turn}_{n}", step.tool, step.arguments) for n, step in enumerate(act.calls)]

    def _act(self, request: Request, draw: int) -> Act:
        page = read_page(request)
        wish = wish_of(page.heard)
        if not request.tools:
            return Act(text=self._without_tools(request, wish.text, wish.also, draw))
        case = hashlib.sha256((page.heard[0] if page.heard else "").encode()).hexdigest()
        luck = Lapses(page, request, wish.intent, case, draw=draw, dice=self.dice, of=self.strengths)
        act = next_act(page, wish, luck)
        known = {tool.name for tool in request.tools}
        calls = tuple(step for step in act.calls if step.tool in known)
        tries = sum(message.role == "assistant" for message in request.messages)
        if calls and tries < MAX_TURNS_OF_CALLS:
            return Act(calls)
        return Act(text=act.text or _AT_A_LOSS)

    def _without_tools(self, request: Request, wish: str, also: str, draw: int) -> str:
        """An answer to a question about the conversation: yes or no at random, else a list of what is asked for."""
        if _YES_OR_NO.search(request.messages[-1].content[-500:]):
            digest = hashlib.sha256(request.messages[-1].content.encode(errors="replace")).hexdigest()
            return "yes" if self.dice.uniform(digest, draw, "yes") < 0.6 else "no"
        asked = [wish.strip(), f"When does the flight of {also} leave?" if also else ""]
        return "\n".join(f"{number}. {text}" for number, text in enumerate(filter(None, asked), 1)) or _AT_A_LOSS


def simulated_agent(
    preset: str = "", *, seed: int = 0, window_tokens: int = WINDOW_TOKENS, **strengths: float
) -> SimulatedAgent:
    """A simulated agent by preset ("", "perfect", "eager", "forgetful"), seed and changed strengths.

    Raises UsageError, which lists what is known, for a strength that is unknown or out of range.
    """
    return SimulatedAgent(strengths_of(preset, strengths), seed=seed, window_tokens=window_tokens, preset=preset)
