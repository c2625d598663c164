"""A simulated writing model, `simulated:writer`: it changes one part of the program it is shown, blindly.

It finds the program in the prompt, draws one of the six parts and another mechanism of the catalog for it, and knows
nothing of scores, feedback or what was tried: better and worse mechanisms are equally likely. So whatever an optimizer
gains with it comes from the optimizer's selection. The same to the same request, draw and seed.
"""

import random
import re
from collections.abc import Mapping
from typing import Any

from meta_reward.completion import CHARS_PER_TOKEN, Completion, Request, Usage, request_to_json
from meta_reward.files import digest
from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import Source, fingerprint, has_parts, parse_source, with_parts

VERSION = 1
_FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_CURRENT = "# Current Program\n"  # OpenEvolve shows others before it
_TRIES = 50


class SimulatedWriter:
    """A `Model` that rewrites one part of a harness."""

    simulated, window_tokens = True, None

    def __init__(self, seed: int) -> None:
        self.settings: Mapping[str, Any] = {"kind": "simulated", "version": VERSION, "preset": "writer", "seed": seed}

    def check(self) -> None:
        """It needs no key."""

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """A program, or a diff where the prompt asks for one."""
        content = request_to_json(request)
        text = reply_to(request.messages[-1].content, random.Random(f"{digest(content)} {draw} {self.settings}"))
        tokens = len(str(content)) // CHARS_PER_TOKEN
        return Completion(text, Usage(tokens, len(text) // CHARS_PER_TOKEN + 1))

    def cost_usd(self, usage: Usage) -> float:
        """It costs nothing."""
        return 0.0


def reply_to(prompt: str, rng: random.Random) -> str:
    """The text of a reply; an apology where the prompt shows no program of six parts."""
    shown = _program_in(prompt)
    if shown is None:
        return "There is no harness in the prompt that I could change."
    text, source = shown
    changed = _changed(source, rng).rstrip()
    if "<<<<<<< SEARCH" in prompt:
        return f"<<<<<<< SEARCH\n{text}\n=======\n{changed}\n>>>>>>> REPLACE"
    return f"```python\n{changed}\n```"


def _program_in(prompt: str) -> tuple[str, Source] | None:
    for text in _FENCED.findall(prompt.rpartition(_CURRENT)[2]):
        try:
            source = parse_source(text)
        except (SyntaxError, ValueError):
            continue
        if has_parts(source):
            return text.rstrip(), source
    return None


def _changed(source: Source, rng: random.Random) -> str:
    """The program with another mechanism for one of its parts."""
    for _ in range(_TRIES):
        part = rng.choice(PARTS)
        mechanism = rng.choice(list(load_library()[part].values()))
        if mechanism.fingerprint != fingerprint(source, part):
            try:
                return with_parts(source, {part: mechanism.source}, doc=mechanism.headline)
            except ValueError:  # two helpers of one name
                continue
    raise ValueError("no mechanism of the catalog fits this program")
