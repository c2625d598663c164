"""A whole search for a program that classifies, in which the real SDK and its command line propose as a script says."""

import json
from pathlib import Path

import pytest

from meta_reward.propose.guard import FILE_TOOLS
from meta_reward.tasks.about import About
from meta_reward.tasks.texts import LabelledText, save_text_set
from tests.cli.conftest import MetaReward
from tests.conftest import PROJECT
from tests.messages_api import MessagesApi, Step, messages_api, results_in, say, use

pytestmark = pytest.mark.slow
SEEDS = PROJECT / "seed_harnesses" / "classify"
WORDS = {"delivery": "parcel late courier", "damage": "broken cracked scratched", "billing": "invoice charged refund"}
PROPOSAL = """---
parents: [c0001]
---
## Hypothesis

The prompt names the labels and shows no example; the nearest ones would tell.

## Evidence

items.jsonl, memory/mail.md and a trace of c0001.

## Expected effect

More texts right, more context.

## Risks

Examples that share words and not the label.
"""


def mail(path: Path) -> None:
    """Messages whose words tell their label, in training as in the splits."""
    made = [
        LabelledText(f"{kind}{n}", "mail", f"{words.split()[n % 3]} thing number {n}, says {kind}", label)
        for kind in ("t", "x")
        for n, (label, words) in enumerate([*WORDS.items()] * 10)
    ]
    training, texts = ([one for one in made if one.id.startswith(kind)] for kind in ("t", "x"))
    save_text_set(path, About(path.name, kind="classify", simulated=True), training=training, texts=texts)


def script(history: Path) -> list[Step]:
    """Look at what is lost, at what was learned and at a trace; write a program that fails, try it, and repair it."""
    first = history / "candidates" / "c0001-baseline"

    def read_the_found_trace(request: dict[str, object]) -> list[dict[str, object]]:
        found = [line for line in results_in(request)[-1].splitlines() if '"score":0.0' in line]
        name = json.loads(found[0].partition(":")[2] if not found[0].startswith("{") else found[0])["id"]
        return [use("Read", file_path=str(first / "traces" / f"{name}.json"))]

    whole = (SEEDS / "nearest.py").read_text()
    return [
        [use("Read", file_path=str(history / "ledger.jsonl"))],
        [use("Grep", pattern='"score":0.0', path=str(first / "items.jsonl"), output_mode="content")],
        read_the_found_trace,
        [use("Read", file_path=str(first / "memory" / "mail.md"))],
        [
            use("Write", file_path="nearest/harness.py", content="import socket\n" + whole),
            use("Write", file_path="nearest/proposal.md", content=PROPOSAL),
        ],
        [use("Edit", file_path="nearest/harness.py", old_string="import socket\n", new_string="")],
        [use("mcp__meta_reward__try_harness", path="nearest", pairs=["damage"])],
        [say("It works.")],
    ]


def test_agent_reads_what_is_learned_and_lost_and_writes_a_better_program(
    meta_reward: MetaReward, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail(here / "tasks" / "mail")
    (here / "one").mkdir()
    (here / "one" / "baseline.py").write_text((SEEDS / "baseline.py").read_text())
    (here / "tools.toml").write_text(f"[proposer]\ntools = {json.dumps(list(FILE_TOOLS))}\n")
    history = (here / "runs" / "night" / "history").resolve()
    with messages_api({"": script(history)}) as api:
        _use(api, monkeypatch)
        given = ("--seeds", "one", "--proposer", "claude:claude-haiku-4-5-20251001", "--config", "tools.toml")
        searched = meta_reward(
            "search", "mail", "--run", "night", "--model", "simulated:reader", *given, "--iterations", 1
        )
        told = [results_in(request)[-1] for request in api.requests if results_in(request)]
    assert searched.code == 0, searched.err
    answer, *_ = json.loads(next(one for one in told if "not_scored" in one))
    tried = json.loads(answer["text"])
    assert (tried["ok"], {tuple(one["categories"]) for one in tried["results"]}) == (True, {("damage",)})
    rows = [json.loads(line) for line in (history / "ledger.jsonl").read_text().splitlines()]
    assert [(row["id"], row["status"], row["parents"]) for row in rows] == [
        ("c0001", "scored", []),
        ("c0002", "scored", ["c0001"]),
    ]
    assert rows[1]["score"] > rows[0]["score"]
    session = json.loads((history / "candidates" / "c0002-nearest" / "proposer" / "session.json").read_text())
    assert "candidates/c0001-baseline/memory/mail.md" in session["files_read"]
    tested = json.loads(meta_reward("test", "night", "--json").out)
    assert (tested["kind"], tested["baseline"]["scores"]["items"]) == ("classify", 9)


def _use(api: MessagesApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-nobody")
    monkeypatch.setenv("CLAUDE_CODE_MAX_RETRIES", "1")
