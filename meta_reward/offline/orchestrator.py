"""A simulated orchestrator, `simulated:orchestrator`: it answers with edits from an offline stock, by symptoms.

It reads in the prompt what a library's phase is about, which entries there are, what was tried, and in which categories
pairs are lost. It adds the entry of the stock that claims to answer most of them, give or take some luck; now and then
it changes or removes one that is there. It does not know which entries help: as many claim to that do nothing or harm.
One answer in six forgets the description; told so, it corrects that. The same to the same question and seed.
"""

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meta_reward.completion import CHARS_PER_TOKEN, Completion, Request, Usage, request_to_json
from meta_reward.files import digest
from meta_reward.offline.stock.library import STOCK
from meta_reward.propose.library.entries import SKILL, TOOL, Entry
from meta_reward.propose.library.folder import load_entry
from meta_reward.propose.library.source import literal_fields

VERSION = 1
CHANGES, REMOVES, SLIPS = 0.15, 0.1, 1 / 6
"""How often it changes an entry, removes one, and forgets a description."""
LUCK = 0.5
"""How much luck weighs, as a share of the strongest symptom."""
FOLDER = Path(__file__).parent / "stock" / "library"
_ENTRY = re.compile(r"(?m)^```(skill|tool)\n---\nname: (\S+)$")
_COUNT = re.compile(r"(?m)^- ([a-z-]+): (\d+)$")


class SimulatedOrchestrator:
    """A `Model` that picks edits from the stock."""

    simulated, window_tokens = True, None

    def __init__(self, seed: int) -> None:
        about = {"changes": CHANGES, "removes": REMOVES, "slips": SLIPS, "luck": LUCK}
        self.settings: Mapping[str, Any] = {
            "kind": "simulated",
            "version": VERSION,
            "preset": "orchestrator",
            "seed": seed,
            **about,
        }

    def check(self) -> None:
        """It needs no key."""

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Edits as JSON."""
        prompt = request.messages[-1].content
        asked, refused, _ = prompt.partition("\n\n# Your last answer\n\n")
        rng = random.Random(f"{digest(asked)} {self.settings}")
        text = reply_to(asked, rng, careful=bool(refused))
        tokens = len(str(request_to_json(request))) // CHARS_PER_TOKEN
        return Completion(text, Usage(tokens, len(text) // CHARS_PER_TOKEN + 1))

    def cost_usd(self, usage: Usage) -> float:
        """It costs nothing."""
        return 0.0


def reply_to(prompt: str, rng: random.Random, *, careful: bool = False) -> str:
    """The text of a reply. careful: it was told of a mistake, and makes none."""
    kind = SKILL if "Phase: skills." in prompt else TOOL
    there = [name for of, name in _ENTRY.findall(_section(prompt, "The library")) if of == kind]
    tried = _section(prompt, "What was tried") + _section(prompt, "Already proposed now, so propose something else")
    lost = {name: int(count) for name, count in _COUNT.findall(_section(prompt, "Lost pairs by category"))}
    edit, cause = _edit(kind, there, tried, lost, rng)
    if rng.random() < SLIPS and not careful and edit["op"] == "add":
        del edit["description"]
    return json.dumps({"root_causes": [cause], "edits": [edit]}, indent=2)


def _edit(
    kind: str, there: list[str], tried: str, lost: Mapping[str, int], rng: random.Random
) -> tuple[dict[str, Any], str]:
    chance = rng.random()
    changeable = [name for name in there if name in STOCK and STOCK[name].variant and f"change {name}" not in tried]
    removable = [name for name in there if f"remove {name}" not in tried]
    if chance < CHANGES and changeable:
        name = rng.choice(changeable)
        return {
            "op": "change",
            "name": name,
            **STOCK[name].variant,
        }, f"{name} is chosen for too few runs, or says too much"
    if chance < CHANGES + REMOVES and len(removable) > 1:
        name = rng.choice(removable)
        return {"op": "remove", "name": name}, f"{name} may mislead the judge"
    own = {entry.name: entry for entry in load_stock(kind)}
    fresh = [name for name in own if name not in there and f"add {name}" not in tried]
    left = fresh or [name for name in own if name not in there]
    if not left:
        return {"op": "remove", "name": rng.choice(there)}, "there is nothing left to add"
    most = max(lost.values(), default=0) or 1
    name = max(left, key=lambda name: _answers(name, lost) / most + LUCK * rng.random())
    symptoms = [symptom for symptom in STOCK[name].symptoms if symptom in lost]
    cause = f"pairs are lost by {' and '.join(symptoms) or 'chance'}, which nothing in the library is about"
    entry = own[name]
    code = {"code": entry.code} if entry.code else {}
    return {"op": "add", **literal_fields(entry), **code}, cause


def load_stock(kind: str) -> list[Entry]:
    """The entries of a kind, by name."""
    return [load_entry(kind, path) for path in sorted((FOLDER / f"{kind}s").glob("*/SKILL.md"))]


def _answers(name: str, lost: Mapping[str, int]) -> float:
    """How many lost pairs an entry claims to answer; one that claims more answers each with less."""
    symptoms = STOCK[name].symptoms
    return sum(lost.get(symptom, 0) for symptom in symptoms) / len(symptoms)


def _section(prompt: str, title: str) -> str:
    """The text below a heading, up to the next of its level."""
    return prompt.partition(f"# {title}\n\n")[2].partition("\n\n# ")[0]
