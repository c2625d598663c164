"""The simulated orchestrator: edits from a stock, by symptoms, and no knowledge of what helps."""

import json
import random
from collections import Counter

import pytest

from meta_reward.offline.orchestrator import load_stock, reply_to
from meta_reward.offline.stock.library import HARMFUL, HELPFUL, STOCK, USELESS
from meta_reward.propose.library.edits import apply_edits, parse_edits
from meta_reward.propose.library.entries import SKILL, TOOL, make_library
from meta_reward.propose.library.source import parse_library, render_library
from tests.conftest import PROJECT

LIBRARY = parse_library((PROJECT / "seed_harnesses" / "library" / "policy_check.py").read_text())
SEEDS = range(60)


def asked(phase: str, **lost: int) -> str:
    counts = "\n".join(f"- {name.replace('_', '-')}: {count}" for name, count in lost.items())
    return f"# Lost pairs by category\n\n{counts}\n\n# This phase\n\nPhase: {phase}. Edit."


def reply(prompt: str, seed: int, *, careful: bool = True) -> str:
    return reply_to(prompt, random.Random(seed), careful=careful)


def test_stock_is_described_whole_and_packs_into_one_library() -> None:
    entries = [entry for kind in (SKILL, TOOL) for entry in load_stock(kind)]
    assert {entry.name for entry in entries} == set(STOCK)
    assert {one.planted for one in STOCK.values()} == {HELPFUL, USELESS, HARMFUL}
    assert parse_library(render_library(make_library("All of them.", entries))).names() == set(STOCK)


@pytest.mark.parametrize(("phase", "kind"), [("skills", SKILL), ("tools", TOOL)])
def test_edits_answer_the_symptoms_and_can_be_applied(phase: str, kind: str) -> None:
    chosen = Counter[str]()
    for seed in SEEDS:
        edits = parse_edits(reply(asked(phase, false_claim=9, procedure=1), seed)).edits
        apply_edits(LIBRARY, edits, kind)
        chosen[str(edits[0]["name"])] += 1
    answering = sum(count for name, count in chosen.items() if name in STOCK and "false-claim" in STOCK[name].symptoms)
    assert answering > len(SEEDS) * 0.8


@pytest.mark.parametrize("phase", ["skills", "tools"])
def test_what_does_nothing_or_harms_is_added_too(phase: str) -> None:
    lost = {"over_refusal": 5, "state_mismatch": 5, "false_claim": 5}
    names = [json.loads(reply(asked(phase, **lost), seed))["edits"][0]["name"] for seed in SEEDS]
    assert {STOCK[name].planted for name in names if name in STOCK} == {HELPFUL, USELESS, HARMFUL}


def test_forgotten_description_is_there_once_it_was_told_so() -> None:
    prompt = asked("skills", over_refusal=3)
    forgetful = [seed for seed in SEEDS if "description" not in reply(prompt, seed, careful=False)]
    assert 3 < len(forgetful) < 20
    for seed in forgetful:
        first, second = (json.loads(reply(prompt, seed, careful=careful))["edits"][0] for careful in (False, True))
        assert {**second, "description": ""} == {**first, "description": ""}
        assert second["description"]
