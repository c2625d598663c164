"""Searches over a library: orchestrator, router and judge behind a real provider's protocol on loopback."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.propose.library.phases import divide_tasks
from meta_reward.propose.library.stats import RoleStats, library_stats
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.search.create import create
from meta_reward.search.loop import run_search
from meta_reward.search.open import open_search
from tests.conftest import PROJECT, make_task_set
from tests.endpoints import Endpoint, Said, Seen
from tests.search.conftest import Quiet, harness

pytestmark = pytest.mark.slow  # a search of three iterations
PRICES = {"price_input": 1.0, "price_output": 1.0}
LIBRARY = (PROJECT / "seed_harnesses" / "library" / "policy_check.py").read_text()
SKILL = {"op": "add", "name": "look-closely", "description": "When it matters.", "body": "Look closely at the run."}
TOOL = {
    "op": "add",
    "name": "second-look",
    "description": "When in doubt.",
    "if": "always",
    "input": {"type": "object", "properties": {"doubt": {"type": "string"}}},
    "output": {"type": "string"},
    "prompt": "Is there anything to {doubt}?\n\n{run}",
}


def answer(seen: Seen) -> Said:
    """Three models on one server, by their names."""
    prompt = "\n".join(seen.texts)
    match seen.body["model"]:
        case "orchestrator":
            return Said(orchestrated(prompt))
        case "router":
            return Said('{"look-closely": true}')
    if seen.tools and not seen.turn:
        arguments = {"policy_check": {}, "second_look": {"doubt": "doubt"}}
        return Said("I look it up first.", calls=tuple((name, arguments[name]) for name in seen.tools))
    if "## How to judge" not in prompt:
        return Said("50")
    overlooked = re.search(r"Case \d+-4", prompt)  # so that there is something left to search for
    score = (90 if "GOOD" in prompt or overlooked else 10) if "closely" in prompt else 50
    return Said(f"Think: it says so in [1].\nCompliance: 40\nScore: {score}")


def orchestrated(prompt: str) -> str:
    edit = SKILL if "Phase: skills." in prompt else TOOL
    if edit is SKILL and "It was refused" not in prompt:
        edit = {name: value for name, value in SKILL.items() if name != "description"}
    return json.dumps({"root_causes": ["The judge does not look."], "edits": [edit]})


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, list[Seen]]:
    """A finished search of three iterations, and all that the models were asked."""
    folder = tmp_path_factory.mktemp("library")
    with Endpoint(answer) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("META_REWARD_CACHE", str(folder / "cache"))
        taskset, layout = make_task_set(folder / "tasks" / "small", tasks=12), Layout(folder / "runs" / "r1")
        spec = {name: f"openai:{name}@{endpoint.url}/v1" for name in ("judge", "router", "orchestrator")}
        requested = {
            "judge": {"settings": PRICES, "roles": {"router": spec["router"], "router_settings": PRICES}},
            "proposer": {"spec": f"library:{spec['orchestrator']}", "candidates": 1, "writer_settings": PRICES},
            "limits": {"iterations": 3, "max_usd": 100.0},
        }
        seeds = [Seed("baseline", harness("Rate this run.")), Seed("library", LIBRARY)]
        asyncio.run(create(layout, requested, taskset, judge=spec["judge"], seeds=seeds))
        asyncio.run(run_search(open_search(layout, Quiet(), taskset=taskset)))
    return layout, endpoint.seen


def asked(seen: list[Seen], model: str) -> list[str]:
    return ["\n".join(one.texts) for one in seen if one.body["model"] == model]


def test_three_iterations_edit_skills_then_tools_then_prune(searched: tuple[Layout, list[Seen]]) -> None:
    steps = library_stats(searched[0]).steps
    assert [(step.phase, step.changes, step.outcome) for step in steps[:2]] == [
        ("skills", (("add", "look-closely"),), "kept"),
        ("tools", (("add", "second-look"),), "passed over"),
    ]
    assert (steps[2].phase, steps[2].start, len(steps[2].changes), steps[2].changes[0][0]) == (
        "pruning",
        "c0003",
        1,
        "remove",
    )
    rows = load_ledger(searched[0].ledger)
    assert [(row.status, row.parents) for row in rows[2:]] == [("scored", (step.start,)) for step in steps]


def test_edit_that_does_not_parse_is_sent_back_once(searched: tuple[Layout, list[Seen]]) -> None:
    first, second, third = asked(searched[1], "orchestrator")
    assert "It was refused" not in first + third
    assert second.startswith(first)
    assert "It was refused: skill look-closely has no description of one line: say when to use it" in second


def test_orchestrator_is_shown_pairs_of_the_evolution_tasks_alone(searched: tuple[Layout, list[Seen]]) -> None:
    layout, seen = searched
    tasks = [item["task"] for item in files.load_lines(next(layout.candidates.glob("c0001-*")) / "pairs.jsonl")]
    division = divide_tasks(set(tasks), 0)
    assert len(division.evolution) == round(0.6 * len(set(tasks)))
    shown = {
        f"t{int(case):02d}" for prompt in asked(seen, "orchestrator") for case in re.findall(r"Case (\d+)-", prompt)
    }
    assert shown
    assert shown <= set(division.evolution)
    assert (
        f"Hold-out: {' '.join(division.holdout)}"
        in (next(layout.candidates.glob("c0003-*")) / "proposal.md").read_text()
    )


def test_router_is_asked_in_its_role_alone_and_counted_apart(searched: tuple[Layout, list[Seen]]) -> None:
    layout, seen = searched
    assert all("## Entries\n\n- look-closely: When it matters." in prompt for prompt in asked(seen, "router"))
    stats = library_stats(layout)
    chosen = {entry.name: (entry.selected, entry.called) for entry in stats.entries}
    n = stats.trajectories
    assert chosen["look-closely"] == (n, None)
    assert {role.role: role.calls for role in stats.roles}["router"] == n
    assert [type(role) for role in stats.roles] == [RoleStats] * 2


def test_chain_of_a_run_has_four_parts(searched: tuple[Layout, list[Seen]]) -> None:
    from meta_reward.report.queries import render_trace
    from meta_reward.run.layout import HistoryLayout
    from meta_reward.run.queries import trace

    history = HistoryLayout(searched[0].history)
    name = min(path.stem for path in next(history.candidates.glob("c0003-*"), Path()).glob("traces/*.json"))
    lines = render_trace(trace(history, "c0003", name), chain=True).splitlines()
    chain = [line for line in lines if re.match(r"(router )?(think|tool|obs|answer): ", line)]
    assert chain == [
        'router answer: {"look-closely":true}'.replace('":', '": '),
        "think: I look it up first.",
        "tool: policy_check {}",
        "obs: Be kind.",
        "think: Think: it says so in [1].",
        "answer: Compliance: 40",
    ]
