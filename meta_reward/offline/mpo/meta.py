"""The simulated meta model, `simulated:meta`: a pure function of what stands in the prompt, with stated weaknesses.

**Its numbers say nothing about any real model.** It answers the three questions of `propose/meta`:

    analyse   says what went wrong in a sample, as far as it sees that (`reading.py`)
    refine    adds the criterion that asks for it, in one of a few wordings
    merge     keeps what several refinements ask for

    strength   what it does, with this probability at 1
    misses     overlooks what went wrong in a sample
    useless    asks for something that makes no difference instead
    harmful    asks for something that rewards an exploit instead
    nonsense   answers with something that cannot be read
    drops      leaves a criterion of the rubric out of a merge

Preset `nonsense` answers so always; preset `careful` has no weakness.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from meta_reward.completion import Request
from meta_reward.errors import UsageError
from meta_reward.offline.mpo.criteria import EVERY, HARMFUL, USELESS, name_of
from meta_reward.offline.mpo.reading import fault_in, parts_of
from meta_reward.offline.simulated import Dice, SimulatedModel, changed_strengths

VERSION = 1
WINDOW_TOKENS = 200_000
_ENOUGH = 2
"""How many refinements have to ask for a criterion, where there are more than one."""
_NONSENSE = "As a helpful assistant, I find that the rubric could be improved in many interesting ways."


@dataclass(frozen=True, slots=True)
class Strengths:
    """How often each weakness shows: probabilities."""

    misses: float = 0.35
    useless: float = 0.12
    harmful: float = 0.08
    nonsense: float = 0.03
    drops: float = 0.05


PRESETS = {
    "": Strengths(),
    "careful": Strengths(0.0, 0.0, 0.0, 0.0, 0.0),
    "nonsense": Strengths(nonsense=1.0),
}


class SimulatedMeta(SimulatedModel):
    """Answers from the request alone, the same to the same request, draw and seed."""

    who = "meta model"

    def __init__(self, preset: str, seed: int, strengths: Strengths) -> None:
        self._strengths, self._dice = strengths, Dice(seed)
        settings = {"kind": "simulated", "version": VERSION, "preset": f"meta {preset}", "seed": seed}
        super().__init__({**settings, **asdict(strengths)}, window_tokens=WINDOW_TOKENS)

    def say(self, request: Request, draw: int, digest: str) -> str:
        key = (digest, draw)
        if self._happens(self._strengths.nonsense, "nonsense", *key):
            return _NONSENSE
        parts = parts_of(request.messages[-1].content)
        if "Refinement 1" in parts:
            return self._merge(parts, key)
        return self._refine(parts) if "What it overlooks" in parts else self._analyse(parts, key)

    def _analyse(self, parts: Mapping[str, str], key: tuple[str, int]) -> str:
        for weakness, criteria in (("useless", USELESS), ("harmful", HARMFUL)):
            if self._happens(getattr(self._strengths, weakness), weakness, *key):
                return _analysis(self._one_of(list(criteria.values()), *key))
        fault = fault_in(parts)
        if not fault or fault in _rubric(parts) or self._happens(self._strengths.misses, "misses", *key):
            return _analysis("nothing")
        return _analysis(self._one_of(list(EVERY[fault]), *key))

    def _refine(self, parts: Mapping[str, str]) -> str:
        wanted = parts["What it overlooks"]
        return _block({**_rubric(parts), name_of(wanted): wanted})

    def _merge(self, parts: Mapping[str, str], key: tuple[str, int]) -> str:
        before = _rubric(parts)
        refined = [_criteria(text) for title, text in parts.items() if title.startswith("Refinement ")]
        asked = Counter(name for one in refined for name in one if name not in before)
        enough = min(_ENOUGH, len(refined))
        new = {
            name: next(one[name] for one in refined if name in one) for name, count in asked.items() if count >= enough
        }
        kept = {
            name: text for name, text in before.items() if not self._happens(self._strengths.drops, "drops", name, *key)
        }
        return _block({**kept, **new})

    def _happens(self, probability: float, *key: object) -> bool:
        return self._dice.uniform(*key) < probability

    def _one_of(self, texts: list[str], *key: object) -> str:
        return texts[int(self._dice.uniform("wording", *key) * len(texts))]


def simulated_meta(preset: str = "", *, seed: int = 0, **strengths: float) -> SimulatedMeta:
    """The simulated meta model by preset ("", "careful", "nonsense"), seed and changed strengths.

    Raises UsageError, which lists what is known, for another preset or strength.
    """
    if preset not in PRESETS:
        raise UsageError(f"unknown preset {preset!r} of the simulated meta model")
    changed = changed_strengths(PRESETS[preset], strengths, "meta model", hint="a strength is a probability")
    return SimulatedMeta(preset, seed, changed)


def _analysis(overlooked: str) -> str:
    return f"I compared what was done with what the rubric asks for, and with the rating.\n\nOverlooked: {overlooked}"


def _rubric(parts: Mapping[str, str]) -> dict[str, str]:
    return _criteria(parts.get("The rubric", "{}"))


def _criteria(text: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(text)
    return found


def _block(criteria: Mapping[str, str]) -> str:
    return f"```json\n{json.dumps(dict(criteria), ensure_ascii=False, indent=2)}\n```"
