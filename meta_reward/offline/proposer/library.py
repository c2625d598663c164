"""The catalog: every mechanism of `parts/`, with what a proposal says about it.

Reads the part files as text; a mechanism's source includes the shared helpers that it may use. A file is
imported only to try its mechanism out.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.source import Source, fingerprint, parse_source
from meta_reward.trajectory import Trajectory

FOLDER = Path(__file__).parent / "parts"
PACKAGE = "meta_reward.offline.proposer.parts"
HELPERS = f"{PACKAGE}.helpers"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to do one part.

    headline: what it does, in one sentence. why: the reason it should help. risk: what speaks against it.
    answers: the symptoms it is meant for. needs: what it is useless without, or "". asks: how often it asks the
    judge.
    """

    part: str
    name: str
    headline: str
    why: str
    risk: str
    answers: tuple[str, ...]
    needs: str
    asks: int
    source: Source
    fingerprint: str


@cache
def load_library() -> Mapping[str, Mapping[str, Mechanism]]:
    """The mechanisms by part, then by name, in the order of their names."""
    helpers = parse_source((FOLDER / "helpers.py").read_text())
    return {
        part: {path.stem.removeprefix(f"{part}_"): _load(path, part, helpers) for path in _files(part)}
        for part in PARTS
    }


def _files(part: str) -> list[Path]:
    return sorted(FOLDER.glob(f"{part}_*.py"))


def _load(path: Path, part: str, helpers: Source) -> Mechanism:
    own = parse_source(path.read_text())
    imports = {name: origin for name, origin in own.imports.items() if origin[0] != HELPERS}
    source = Source(own.doc, {**helpers.imports, **imports}, {**helpers.definitions, **own.definitions})
    headline, why, risk = (" ".join(text.split()) for text in own.doc.split("\n\n"))
    return Mechanism(
        part=part,
        name=path.stem.removeprefix(f"{part}_"),
        headline=headline,
        why=why,
        risk=risk.removeprefix("Risk: "),
        answers=_constant(own, "ANSWERS"),
        needs=_constant(own, "NEEDS") or "",
        asks=_constant(own, "ASKS") or 1,
        source=source,
        fingerprint=fingerprint(source, part),
    )


def _constant(source: Source, name: str) -> Any:
    text = source.definitions.get(name, "")
    return ast.literal_eval(text.partition("=")[2].strip()) if text else None


def find_mechanism(part: str, fingerprint: str) -> Mechanism | None:
    """The mechanism with this fingerprint; None for a part that is not from the catalog."""
    return next((m for m in load_library()[part].values() if m.fingerprint == fingerprint), None)


def run_part(mechanism: Mechanism, *arguments: Any) -> Any:
    """Call a mechanism's function, as a harness would; not for `decide`, which needs a judge."""
    module = import_module(f"{PACKAGE}.{mechanism.part}_{mechanism.name}")
    return getattr(module, mechanism.part)(*arguments)


def mean_size(mechanism: Mechanism, trajectories: Sequence[Trajectory]) -> float:
    """How many characters a `view` or `context` shows of a trajectory on average."""
    return sum(len(run_part(mechanism, trajectory)) for trajectory in trajectories) / max(1, len(trajectories))
