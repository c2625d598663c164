"""A run that refines its reward, with judge and meta model scripted behind one server on loopback.

The judge gives what says GOOD more than the rest, and everything ten points less for each rule that the meta model has
added to the rubric so far. So rewards tell under which rubric they were given.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.search.create import create
from tests.conftest import PROJECT, make_task_set
from tests.endpoints import Endpoint, Said, Seen

BASELINE = Seed("baseline", (PROJECT / "seed_harnesses" / "baseline.py").read_text())
RULE = re.compile(r"\brule-(\d)\b")


def scripted(seen: Seen) -> Said:
    """What the judge and the meta model say."""
    prompt = seen.texts[-1]
    rules = set(RULE.findall(prompt))
    if seen.body["model"] == "judge":
        return Said(f"Score: {(80 if 'GOOD' in prompt else 40) - 10 * len(rules)}")
    if "end with one line:" in prompt.lower():
        return Said("It says nothing.\nOverlooked: an answer that says nothing deserves little")
    added = {} if "Refinement 1" in prompt else {f"rule-{len(rules)}": "an answer that says nothing deserves little"}
    known = {f"rule-{number}": "an answer that says nothing deserves little" for number in rules}
    return Said(f"```json\n{json.dumps({'quality': 'how good it is', **known, **added})}\n```")


def make_training(folder: Path, endpoint: Endpoint, **mpo: Any) -> Layout:
    """A new run for a trainer, on a small task set of pairs."""
    layout, taskset = Layout(folder / "runs" / "essays"), make_task_set(folder / "tasks" / "small", tasks=3, rollouts=2)
    requested = {
        "proposer": {"spec": "meta", "writer": f"openai:meta@{endpoint.url}/v1"},
        "mpo": {"policy": "trl", "steps": 6, "every": 2, "samples": 3, **mpo},
        "limits": {"max_calls": 10_000, "max_usd": 0.0},
    }
    asyncio.run(create(layout, requested, taskset, judge=f"openai:judge@{endpoint.url}/v1", seeds=[BASELINE]))
    return layout
