"""Summaries of traces that a model writes for a proposer: what they are made of, when, and what a session sees."""

from pathlib import Path

import pytest

from meta_reward.errors import UsageError
from meta_reward.propose.registry import make_proposer
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run.settings import ProposerSettings
from tests.endpoints import Endpoint, Said
from tests.search.conftest import World, WritingProposer, harness, make_world, proposal

USAGE = {"prompt_tokens": 1000, "completion_tokens": 500}


def searched(folder: Path, endpoint: Endpoint) -> World:
    """A world after two iterations of a proposer that is shown summaries, which the endpoint writes."""
    world = make_world(folder)
    priced = {"price_input": 2.0, "price_output": 4.0}
    writer = {"writer": f"openai:scribe@{endpoint.url}/v1", "writer_settings": priced, "history": "model-summaries"}
    world.create(limits={"iterations": 2, "max_usd": 100.0}, proposer={"spec": "claude:scripted", **writer})
    drafts = {n: {"draft": (harness(f"Rate run {n}."), proposal("c0001"))} for n in (1, 2)}
    world.proposer = WritingProposer(drafts)
    world.search()
    return world


def test_session_sees_a_summary_of_each_candidate_and_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "nobody's")
    with Endpoint(lambda seen: Said(f"Summary {seen.ordinal}.", usage=USAGE)) as endpoint:
        world = searched(tmp_path, endpoint)
    view = world.proposer.assignments[1].view / "candidates"
    assert (view / "c0001-baseline/summary.md").read_text() == "# c0001 baseline\n\nSummary 0.\n"
    assert (view / "c0002-draft/summary.md").read_text() == "# c0002 draft\n\nSummary 1.\n"
    assert {path.name for path in view.rglob("*.*")} == {"harness.py", "scores.json", "summary.md"}
    told = world.proposer.assignments[1].instructions
    assert "`summary.md` of each candidate's traces, which a model wrote" in told
    assert len(endpoint.seen) == 2
    assert "I did BAD" in endpoint.seen[0].texts[0]
    assert proposer_usd(world.layout) == pytest.approx(0.008)


def test_summaries_without_a_model_are_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="model-summaries asks a model to write them, and none is named"):
        make_proposer(ProposerSettings("command:true", history="model-summaries"))
